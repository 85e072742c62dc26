// deno-lint-ignore-file no-console
/**
 * Compiles netecho into one self-contained binary.
 *
 * usage: deno task compile [TARGET|all]
 *
 * Without a target it is for this platform, and called `netecho`; otherwise `netecho-PLATFORM`.
 */
import { bundle } from "./bundle.ts";
import { binaryName, type Target, targets } from "./targets.ts";

const ROOT = `${import.meta.dirname}/../..`;

// A binary of this platform has to run before it is said to be one.
async function tryOut({ triple }: Target, name: string): Promise<void> {
  if (triple !== Deno.build.target) return console.log(`compiled ${name} (not run: ${triple})`);
  const { success, stdout, stderr } = await new Deno.Command(`${ROOT}/${name}`, {
    args: ["--version"],
  }).output();
  const said = new TextDecoder().decode(success ? stdout : stderr).trim();
  if (!success) throw new Error(`${name} does not run: ${said}`);
  console.log(`compiled ${name}: ${said}`);
}

async function compile(folder: string, { target, name }: { target: Target; name: string }) {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      // The least permissions that the features need, from deno.json, and never a question.
      ...["compile", "--quiet", "--no-check", "-P", "--no-prompt", "--target", target.triple],
      "--no-code-cache", // which would be a file of a known name in the shared temporary folder
      ...["--output", `${ROOT}/${name}`],
      "main.ts",
    ],
    cwd: folder,
  }).spawn().status;
  if (success) return await tryOut(target, name);
  throw new Error(
    `Cannot compile for ${target.triple}: where its runtime (denort, of Deno ` +
      `${Deno.version.deno}) cannot be downloaded, set DENORT_BIN to a copy of it`,
  );
}

function wanted(name: string | undefined): { target: Target; name: string }[] {
  if (name === undefined) {
    const target = targets.find(({ triple }) => triple === Deno.build.target);
    return target ? [{ target, name: binaryName(target) }] : [];
  }
  return targets.filter(({ triple, platform }) => ["all", triple, platform].includes(name!))
    .map((target) => ({
      target,
      name: binaryName(target).replace("netecho", `netecho-${target.platform}`),
    }));
}

const builds = wanted(Deno.args[0]);
if (builds.length === 0) {
  console.error(`usage: deno task compile [all|${targets.map(({ triple }) => triple).join("|")}]`);
  Deno.exit(2);
}
const folder = await Deno.makeTempDir();
try {
  await bundle(folder);
  for (const build of builds) await compile(folder, build);
} catch (error) {
  console.error((error as Error).message);
  Deno.exitCode = 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}
