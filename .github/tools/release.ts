// deno-lint-ignore-file no-console
/**
 * What a release needs to know and to write.
 *
 * usage: deno run -A .github/tools/release.ts matrix
 *        deno run -A .github/tools/release.ts check TAG
 *        deno run -A .github/tools/release.ts notes
 *        deno run -A .github/tools/release.ts manifests FOLDER REPOSITORY
 */
import config from "../../deno.json" with { type: "json" };
import { archiveName } from "./archive.ts";
import { type Target, targets } from "./targets.ts";

const CHANGELOG = new URL("../../CHANGELOG.md", import.meta.url);
const SUMS = "SHA256SUMS";

/** The section of a version in the changelog; throws where there is none, or it is empty. */
export function notesOf(changelog: string, version: string): string {
  const [, ...sections] = changelog.split(/^## /m);
  const section = sections.find((section) => section.startsWith(`[${version}]`));
  const notes = section?.replace(/^.*\n/, "").trim();
  if (notes) return notes;
  throw new Error(`CHANGELOG.md has no section [${version}], or nothing in it`);
}

/** Throws unless a tag is that of the version in deno.json, and the changelog tells of it. */
export function checkTag(tag: string, changelog: string): void {
  if (tag !== `v${config.version}`) {
    throw new Error(`the tag ${tag} is not v${config.version}, the version in deno.json`);
  }
  notesOf(changelog, config.version);
}

/** An archive of a release. */
interface Archive {
  readonly target: Target;
  readonly name: string;
  /** SHA-256, in hex. */
  readonly sum: string;
}

/** Lines as sha256sum writes and checks them. */
export function sumLines(archives: readonly Pick<Archive, "name" | "sum">[]): string {
  return archives.map(({ name, sum }) => `${sum}  ${name}\n`).join("");
}

/** A Homebrew formula. */
export function formula(archives: readonly Archive[], url: string): string {
  const source = (platform: string) => {
    const { name, sum } = archives.find(({ target }) => target.platform === platform)!;
    return `      url "${url}/${name}"\n      sha256 "${sum}"\n`;
  };
  const system = (name: string, prefix: string) =>
    `  on_${name} do
    on_arm do
${source(`${prefix}-aarch64`)}    end
    on_intel do
${source(`${prefix}-x86_64`)}    end
  end
`;
  return `class Netecho < Formula
  desc "Network peer you carry in one file"
  homepage "${url.replace(/\/releases\/.*/, "")}"
  version "${config.version}"
  license "MIT"

${system("macos", "macos")}
${system("linux", "linux")}
  def install
    bin.install "netecho"
    man1.install "netecho.1"
    bash_completion.install "completions/netecho.bash" => "netecho"
    zsh_completion.install "completions/_netecho"
    fish_completion.install "completions/netecho.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/netecho --version")
  end
end
`;
}

/** A Scoop manifest. */
export function scoop(archives: readonly Archive[], url: string): string {
  const entries = [["64bit", "windows-x86_64"], ["arm64", "windows-aarch64"]].map(
    ([word, platform]) => {
      const { name, sum } = archives.find(({ target }) => target.platform === platform)!;
      return [word, { url: `${url}/${name}`, hash: sum, extract_dir: name.replace(".zip", "") }];
    },
  );
  const manifest = {
    version: config.version,
    description: "The network peer you carry in one file",
    homepage: url.replace(/\/releases\/.*/, ""),
    license: "MIT",
    architecture: Object.fromEntries(entries),
    bin: "netecho.exe",
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

async function readArchive(folder: string, target: Target): Promise<Archive> {
  const name = archiveName(config.version, target);
  const bytes = await Deno.readFile(`${folder}/${name}`);
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  return { target, name, sum };
}

async function writeManifests(folder: string, repository: string): Promise<void> {
  const archives = await Promise.all(targets.map((target) => readArchive(folder, target)));
  const url = `https://github.com/${repository}/releases/download/v${config.version}`;
  await Deno.writeTextFile(`${folder}/${SUMS}`, sumLines(archives));
  await Deno.writeTextFile(`${folder}/netecho.rb`, formula(archives, url));
  await Deno.writeTextFile(`${folder}/netecho.json`, scoop(archives, url));
}

if (import.meta.main) {
  const [command, first = "", second = ""] = Deno.args;
  const changelog = await Deno.readTextFile(CHANGELOG);
  if (command === "matrix") console.log(JSON.stringify({ include: targets }));
  else if (command === "check") checkTag(first, changelog);
  else if (command === "notes") console.log(notesOf(changelog, config.version));
  else if (command === "manifests") await writeManifests(first, second);
  else throw new Error("usage: release.ts matrix|check TAG|notes|manifests FOLDER REPOSITORY");
}
