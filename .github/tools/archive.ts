// deno-lint-ignore-file no-console
/**
 * Packs the binary of this platform, ./netecho, with what belongs to it.
 *
 * usage: deno run -A .github/tools/archive.ts FOLDER
 *
 * The archive is FOLDER/netecho-VERSION-PLATFORM.tar.gz, on Windows .zip.
 */
import config from "../../deno.json" with { type: "json" };
import { binaryName, type Target, targets } from "./targets.ts";

const ROOT = new URL("../../", import.meta.url);

/** What an archive of a version is called. */
export function archiveName(version: string, { triple, platform }: Target): string {
  const extension = triple.includes("windows") ? "zip" : "tar.gz";
  return `netecho-${version}-${platform}.${extension}`;
}

/** What lies in the archive as it does in the repository, for the README to name. */
const BESIDE = [
  ...["README.md", "LICENSE", "CHANGELOG.md"],
  ...[".github/session.svg", ".github/Dockerfile", ".github/SECURITY.md"],
];

/** What the program prints goes into files of these names. */
const PRINTED: Readonly<Record<string, readonly string[]>> = {
  "netecho.1": ["man"],
  "completions/netecho.bash": ["completions", "bash"],
  "completions/_netecho": ["completions", "zsh"],
  "completions/netecho.fish": ["completions", "fish"],
};

/** Packs a binary into a folder, and returns the path of the archive. */
export async function pack(
  binary: string,
  { folder, target }: { readonly folder: string; readonly target: Target },
): Promise<string> {
  const archive = `${await Deno.realPath(folder)}/${archiveName(config.version, target)}`;
  const work = await Deno.makeTempDir();
  const inside = archiveName(config.version, target).replace(/\.(tar\.gz|zip)$/, "");
  try {
    for (const name of ["completions", ".github"]) {
      await Deno.mkdir(`${work}/${inside}/${name}`, { recursive: true });
    }
    const put = (from: string | URL, name: string) =>
      Deno.copyFile(from, `${work}/${inside}/${name}`);
    await put(binary, binaryName(target));
    for (const name of BESIDE) {
      await put(new URL(name, ROOT), name);
    }
    for (const [name, args] of Object.entries(PRINTED)) {
      await Deno.writeFile(`${work}/${inside}/${name}`, await run(binary, args));
    }
    // The tar of Windows makes a zip of it, by its name; that of Git, which may come first, does
    // not.
    const windows = Deno.build.os === "windows";
    const tar = windows ? `${Deno.env.get("SystemRoot")}\\System32\\tar.exe` : "tar";
    await run(tar, [archive.endsWith(".zip") ? "-acf" : "-czf", archive, "-C", work, inside]);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  return archive;
}

async function run(program: string, args: readonly string[]): Promise<Uint8Array> {
  const env = { COPYFILE_DISABLE: "1" }; // keeps the tar of macOS from adding a file for each
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], env })
    .output();
  if (success) return stdout;
  throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

if (import.meta.main) {
  const [folder] = Deno.args;
  const target = targets.find(({ triple }) => triple === Deno.build.target);
  if (folder === undefined || !target) throw new Error("usage: archive.ts FOLDER");
  console.log(await pack(`./${binaryName(target)}`, { folder, target }));
}
