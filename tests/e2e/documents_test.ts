import { assert, assertEquals } from "@std/assert";
import { helpPage as clientPage } from "../../client.ts";
import { topics } from "../../lib/manual/topics.ts";
import { helpPage as serverPage } from "../../server.ts";
import { needingNamespace, withNodeNetworking } from "../support/skips.ts";
import { ROOT, runProgram } from "../support/programs.ts";
import type { Outcome } from "../support/namespace.ts";

/** What is not run, and why. */
const NOT_HERE: readonly (readonly [RegExp, string])[] = [
  [/^(sha256sum|shasum|tar|xattr|sudo|docker)/, "needs a release"],
  [/^#/, "a comment"],
  [/^(npx -y )?deno(@\S+)? (run|task|install)/, "what all tests do, or needs the network"],
];

/** What a binary made with an older Deno says; it has authorities of its own. */
const OLDER = /needs a netecho built with Deno|an authority that is not trusted here/;

/** The lines of the README that a reader would type, without their comments. */
async function readmeCommands(): Promise<string[]> {
  const text = await Deno.readTextFile(new URL("README.md", ROOT));
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block!);
  const lines = blocks.flatMap((block) => block.replaceAll("\\\n", "").trim().split("\n"));
  return lines.map((line) => line.replace(/\s+# .*/, "").trim()).filter((line) => line !== "");
}

async function helpCommands(): Promise<string[]> {
  const pages = [await serverPage(), await clientPage(), ...topics.map(({ page }) => page)];
  return pages.flatMap(({ examples }) => examples.map(([command]) => command));
}

const skipped = (command: string) => NOT_HERE.some(([pattern]) => pattern.test(command));

Deno.test("every command of the README is one that is run, or one that says why not", async () => {
  const commands = await readmeCommands();
  assert(commands.length > 60);
  const strange = commands.filter((command) => !skipped(command) && !/\bnetecho\b/.test(command));
  assertEquals(strange, []);
});

Deno.test({
  ...needingNamespace(
    "every command of the README, of --help and of the man page runs",
  ),
  async fn() {
    const commands = [...await readmeCommands(), ...await helpCommands()];
    const wanted = [...new Set(commands)].filter((command) => !skipped(command));
    const driver = new URL("../support/namespace.ts", import.meta.url).pathname;
    const { code, text, stderr } = await runProgram([
      "unshare",
      ["-rnm", Deno.execPath(), "run", "-A", "--no-check", driver],
    ], { input: JSON.stringify(wanted) });
    assertEquals(code, 0, stderr);
    const outcomes = JSON.parse(text.trim().split("\n").at(-1)!) as Outcome[];
    assertEquals(outcomes.length, wanted.length);
    const older = (await withNodeNetworking("")).ignore;
    const failed = outcomes.filter(({ command, code, output }) =>
      // On a busy machine a gate may not hold, or a load not come to its measurement.
      code !== 0 && !(code === 3 && command.includes("--fail-if")) &&
      !(code === 1 && output.includes("INTERRUPTED")) &&
      !(older && OLDER.test(output))
    );
    assertEquals(failed, []);
    const listened = outcomes.filter(({ command, code }) =>
      /\bnetecho server\b/.test(command) && code === 0
    );
    assertEquals(listened.filter(({ output }) => !output.includes("listening")), []);
  },
});
