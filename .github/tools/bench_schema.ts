/** Writes the JSON schema of --bench --json: deno task schema. */
import { toJsonSchema } from "@valibot/to-json-schema";
import { benchResultSchema } from "../../lib/report/schema.ts";

/** The file that has it. */
export const SCHEMA_FILE = new URL("../bench-1.schema.json", import.meta.url);

/** The JSON schema as text; with `strict`, other fields than those are refused. */
export function benchJsonSchema({ strict = false } = {}): Record<string, unknown> {
  return {
    title: "The result of netecho client --bench --json, version 1; times in milliseconds",
    ...toJsonSchema(benchResultSchema, {
      overrideSchema: ({ jsonSchema }) =>
        strict && jsonSchema.properties
          ? { ...jsonSchema, additionalProperties: false }
          : undefined,
    }),
  };
}

/** The text of the file. */
export function schemaText(): string {
  return `${JSON.stringify(benchJsonSchema(), null, 2)}\n`;
}

if (import.meta.main) await Deno.writeTextFile(SCHEMA_FILE, schemaText());
