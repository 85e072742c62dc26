/**
 * Compares the modules of the standard library that netecho uses, as deno.json takes them from npm,
 * with those of JSR: deno run -A .github/tools/compare_std.ts. Both are bundled and minified, which
 * leaves no types, comments or names to differ. Exits with 1 where one is another.
 */
import config from "../../deno.json" with { type: "json" };
import jsr from "../jsr.json" with { type: "json" };

async function bundle(specifier: string, folder: string): Promise<string> {
  const entry = `${folder}/entry.ts`;
  await Deno.writeTextFile(entry, `export * from ${JSON.stringify(specifier)};\n`);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--no-lock", "--no-config", "--minify", "--format=esm", entry],
  }).output();
  if (!success) throw new Error(`${specifier}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** The names of the modules whose code differs between the two import maps. */
export async function differingModules(
  one: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  const differing: string[] = [];
  const others = new Map(Object.entries(other));
  try {
    for (const [name, specifier] of Object.entries(one)) {
      if (!name.startsWith("@std/")) continue;
      const counterpart = others.get(name);
      if (counterpart === undefined) differing.push(name);
      else if (await bundle(specifier, folder) !== await bundle(counterpart, folder)) {
        differing.push(name);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return differing;
}

if (import.meta.main) {
  const differing = await differingModules(config.imports, jsr.imports);
  const text = differing.length > 0 ? `differ: ${differing.join(", ")}\n` : "all modules agree\n";
  await Deno.stdout.write(new TextEncoder().encode(text));
  Deno.exit(differing.length > 0 ? 1 : 0);
}
