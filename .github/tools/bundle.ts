/**
 * Bundles netecho into a folder for `deno compile`: a program of a few files starts in three
 * quarters of the time of one of two hundred, and needs no npm packages beside it.
 *
 * usage: deno run -A .github/tools/bundle.ts FOLDER
 */
import config from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);
const ENTRY = "main.ts";

/** Fills an empty folder with the program, beginning with its `main.ts`, and what compiles it. */
export async function bundle(folder: string): Promise<void> {
  const { include, permissions } = config.compile;
  const args = ["bundle", "--quiet", "--minify", "--code-splitting", "--outdir", folder];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args, ENTRY, ...include],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  // Modules that are loaded by their address, relative to whoever loads them: all files of a bundle
  // that are parts of others are in its folder itself.
  const addresses = include.map((path) => path.replace(/.*\//, ""));
  for (const [index, name] of addresses.entries()) {
    await write(folder, name, `import "./${include[index]!.replace(/\.ts$/, ".js")}";\n`);
  }
  // Not imported by another: it looks whether it is the main module.
  await Deno.rename(`${folder}/main.js`, `${folder}/${ENTRY}`);
  const { unstable } = config;
  await write(
    folder,
    "deno.json",
    JSON.stringify({ unstable, compile: { include: addresses, permissions } }),
  );
}

function write(folder: string, name: string, text: string): Promise<void> {
  return Deno.writeTextFile(`${folder}/${name}`, text);
}

if (import.meta.main) {
  const [folder] = Deno.args;
  if (folder === undefined) throw new Error("usage: bundle.ts FOLDER");
  await bundle(folder);
}
