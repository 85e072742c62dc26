// deno-lint-ignore-file no-console
/**
 * Makes lib/control/page/bundle.js, the script of the page at --control, of the files beside it.
 *
 * usage: deno task page [--watch]
 */
const ROOT = new URL("../../", import.meta.url);
const FOLDER = "lib/control/page";
const BUNDLE = `${FOLDER}/bundle.js`;

/** The script as it is to be: of our files and of Preact, which they are drawn with. */
export async function bundlePage(): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", "--minify", `${FOLDER}/main.tsx`],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  // Within its own scope: the page has one script.
  const code = new TextDecoder().decode(stdout).trim().replaceAll("</script", "<\\/script");
  return `// Made by "deno task page" of the files beside it and of Preact (MIT license).\n(()=>{${code}})();\n`;
}

async function write(): Promise<void> {
  const text = await bundlePage();
  await Deno.writeTextFile(new URL(BUNDLE, ROOT), text);
  console.log(`${BUNDLE}: ${text.length} bytes`);
}

if (import.meta.main) {
  await write();
  if (Deno.args.includes("--watch")) {
    for await (const { paths } of Deno.watchFs(new URL(FOLDER, ROOT).pathname)) {
      if (paths.every((path) => path.endsWith("bundle.js"))) continue;
      await write().catch((error: Error) => console.error(error.message));
    }
  }
}
