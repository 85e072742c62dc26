import { assertEquals, assertRejects } from "@std/assert";
import { parseOptions } from "../../../lib/cli/parse.ts";
import { UsageError } from "../../../lib/core/errors.ts";
import { choice, count, duration, flag, interval, list, text } from "../../../lib/cli/options.ts";

const table = {
  show: choice(["text", "hex"], { summary: "how", excludes: ["quiet"] }),
  quiet: flag({ short: "q", summary: "less" }),
  json: flag({ summary: "as JSON" }),
  maxConnections: count({ summary: "limit" }),
  grace: duration({ summary: "patience", initial: 5000 }),
  stats: interval({ summary: "rates" }),
};
const initial = {
  show: "text" as "text" | "hex",
  quiet: false,
  json: false,
  maxConnections: undefined as number | undefined,
  grace: 5000,
  stats: undefined as number | undefined,
};

async function read(line: string) {
  const parsed = await parseOptions([table], line.split(" ").filter(Boolean));
  return { ...parsed, values: parsed.of(table) };
}

Deno.test("what is not given has its initial value", async () => {
  for (const line of ["", "a b", "-- a"]) {
    const { values, given } = await read(line);
    assertEquals([values, given], [initial, new Set()]);
  }
});

Deno.test("values stand after a space or an equals sign", async () => {
  for (const line of ["--max-connections 3 --grace 0", "--max-connections=3 --grace=0"]) {
    assertEquals((await read(line)).values, { ...initial, maxConnections: 3, grace: 0 });
  }
  assertEquals((await read("--show=hex a")).given, new Set(["show"]));
});

Deno.test("flags: alone, short, and as --name=value", async () => {
  assertEquals((await read("-q --json")).values, { ...initial, quiet: true, json: true });
  assertEquals((await read("--json=true --quiet=false")).values, { ...initial, json: true });
});

Deno.test("positionals keep their text, wherever they stand and after --", async () => {
  assertEquals((await read("8080 -q [::1]:9 --json 007")).positionals, ["8080", "[::1]:9", "007"]);
  assertEquals((await read("-q -- --json")).positionals, ["--json"]);
});

Deno.test("a flag never takes the next argument, and letters may stand together", async () => {
  assertEquals((await read("--quiet true")).positionals, ["true"]);
  assertEquals((await read("-qq a")).values.quiet, true);
});

Deno.test("of an option given twice the last counts", async () => {
  assertEquals((await read("--grace 1s --grace 2s")).values.grace, 2000);
});

for (
  const line of [
    "--nope",
    "-x",
    "--no-json",
    "--json=1",
    "--show",
    "--show=",
    "--show --json",
    "-q8",
    "-qx",
  ]
    .concat(["--max-connections 0", "--max-connections 1e3", "--stats 0s", "--grace -1s"])
    .concat(["--show hex --quiet", "-q --show text", "--__proto__ x", "--max.connections 1"])
) {
  Deno.test(`${line} is a usage error`, async () => {
    await assertRejects(() => read(line), UsageError);
  });
}

Deno.test("an unknown option carries the words that it could have been", async () => {
  const error = await assertRejects(() => read("--grase=1s"), UsageError);
  assertEquals(error.suggestion?.given, "--grase");
  assertEquals(error.suggestion?.among.includes("--grace"), true);
});

Deno.test("each part gets the values of its own table, and the occurrences in their order", async () => {
  const one = { send: list({ summary: "this", placeholder: "TEXT" }) };
  const other = {
    json: flag({ summary: "as JSON" }),
    expect: list({ summary: "", placeholder: "" }),
  };
  const args = ["--send", "a", "--expect=b", "--json", "--send", "c"];
  const { of, occurrences } = await parseOptions([one, other], args);
  assertEquals(of(one), { send: ["a", "c"] });
  assertEquals(of(other), { json: true, expect: ["b"] });
  assertEquals(occurrences.map(({ key, value }) => [key, value]), [
    ["send", ["a"]],
    ["expect", ["b"]],
    ["json", true],
    ["send", ["c"]],
  ]);
});

Deno.test("types: a text that is no text has a reader", () => {
  // @ts-expect-error: without `read`, the value is a string
  text<number>({ summary: "", placeholder: "N" });
});
