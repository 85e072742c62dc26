import { assert, assertEquals } from "@std/assert";
import { helpPage as clientPage } from "../../client.ts";
import { topics } from "../../lib/manual/topics.ts";
import { helpPage as serverPage } from "../../server.ts";
import { needingNamespace, onLinux, withIPv6, withNodeNetworking } from "../support/skips.ts";
import { netechoCommand, netechoShell, ROOT, Running, runProgram } from "../support/programs.ts";
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
  assert(commands.length > 30);
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
    assertEquals(listened.filter(({ output }) => !/listening|^control /m.test(output)), []);
  },
});

/** What differs from run to run, and what only a terminal sees, made the same. */
function withoutNumbers(text: string): string[] {
  const plain = text.replace(/\x1b\[[\d;?]*[A-Za-z]/g, "").replaceAll("\r", "\n");
  return plain.split("\n").map((line) =>
    line.replace(/\[::1?\]:\d+/g, (address) => address.replace(/\d+$/, "N"))
      .replace(/\d+(\.\d+)? m?s\b/g, "N ms").replace(/^\d\d:\d\d:\d\d\.\d{3}/, "TIME").trim()
  );
}

Deno.test({
  ...onLinux("the session at the top of the README is what the programs print", ["script"]),
  ignore: withIPv6("").ignore || onLinux("", ["script"]).ignore,
  async fn() {
    const readme = await Deno.readTextFile(new URL("README.md", ROOT));
    const all = [...readme.matchAll(/^```console\n\$ (.*)\n([^]*?)^```/gm)];
    const blocks = all.slice(0, 2); // a load is not compared: its figures decide its lines
    assertEquals(blocks.map(([, command]) => command), ["netecho server", "netecho client"]);
    const [shownByServer, shownByClient] = blocks.map(([, , lines]) => lines!.trim().split("\n"));
    const [program, rest] = netechoCommand(["server", ":0"]);
    await using server = new Running([program, rest]);
    const port = /\d+$/.exec(await server.line(/^listening/))![0];
    const client = netechoShell(["client", "localhost", port]);
    await using terminal = new Running(["script", ["-qfec", client, "/dev/null"]], {
      stdin: "piped",
    });
    await terminal.line(/connected/);
    const keys = terminal.stdin.getWriter();
    await keys.write(new TextEncoder().encode("hello\r"));
    await terminal.line(/echo: hello/);
    await keys.write(new Uint8Array([3])); // Ctrl-C
    await terminal.end();
    await keys.close().catch(() => {}); // it has ended
    await server.line(/closed/);
    const clientSaid = withoutNumbers(terminal.lines.join("\n"));
    for (const line of withoutNumbers(shownByClient!.join("\n"))) {
      assert(clientSaid.includes(line), `${line}\nnot in\n${clientSaid.join("\n")}`);
    }
    const serverSaid = withoutNumbers(server.lines.join("\n"));
    for (const line of withoutNumbers(shownByServer!.join("\n"))) {
      assert(serverSaid.includes(line), `${line}\nnot in\n${serverSaid.join("\n")}`);
    }
  },
});
