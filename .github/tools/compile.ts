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

const OUT = new URL("../../", import.meta.url);

async function compile(folder: string, { target, name }: { target: Target; name: string }) {
  const output = new URL(name, OUT);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      // The least permissions that the features need, from deno.json, and never a question.
      ...["compile", "--quiet", "--no-check", "-P", "--no-prompt", "--target", target.triple],
      ...["--output", Deno.build.os === "windows" ? output.pathname.slice(1) : output.pathname],
      "main.ts",
    ],
    cwd: folder,
  }).spawn().status;
  if (success) return console.log(`compiled ${name}`);
  console.error(
    `Cannot compile for ${target.triple}: where its runtime (denort, of Deno ` +
      `${Deno.version.deno}) cannot be downloaded, set DENORT_BIN to a copy of it`,
  );
  Deno.exit(1);
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
} finally {
  await Deno.remove(folder, { recursive: true });
}
