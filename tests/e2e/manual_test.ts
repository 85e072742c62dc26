import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { helpPage as clientPage } from "../../client.ts";
import { faults } from "../../lib/faults/kinds.ts";
import { optionNames } from "../../lib/cli/help.ts";
import { topics } from "../../lib/manual/topics.ts";
import { helpPage as serverPage } from "../../server.ts";
import { bash, netecho, netechoCommand, runProgram } from "../support/programs.ts";
import { needing } from "../support/skips.ts";

const SHELLS = ["bash", "zsh", "fish"];

async function print(...args: string[]): Promise<string> {
  const { code, text, stderr } = await netecho(args);
  assertEquals([code, stderr], [0, ""]);
  return text;
}

Deno.test("every option is in --help, the man page and the completions of each shell", async () => {
  const man = (await print("man")).replaceAll("\\-", "-");
  const scripts = await Promise.all(SHELLS.map((shell) => print("completions", shell)));
  for (
    const [command, page] of [["server", await serverPage()], [
      "client",
      await clientPage(),
    ]] as const
  ) {
    const help = await print(command, "--help");
    assertEquals(await print("help", command), help);
    const options = optionNames(page);
    assert(options.length > 25);
    assertEquals(new Set(options).size, options.length, "an option stands twice");
    for (const option of options) {
      const word = new RegExp(`${option}\\b(?!-)`);
      assertMatch(help, word);
      assertMatch(man, word);
      const fish = new RegExp(`-l ${option.slice(2)} `);
      scripts.forEach((script, index) => assertMatch(script, index === 2 ? fish : word));
    }
    for (const [example] of page.examples) {
      assertStringIncludes(man, example.replaceAll("\\", "\\e"));
    }
  }
});

Deno.test("topics: each explains itself; the one of the faults has every parameter", async () => {
  const overview = await print("--help");
  assertEquals(await print("help"), overview);
  for (const { name, summary } of topics) {
    assertStringIncludes(overview, summary);
    assert((await print("help", name)).length > 200);
  }
  const text = await print("help", "faults");
  for (const { name, options } of faults) {
    assertStringIncludes(text, `${name} (`);
    for (const parameter of Object.keys(options)) assertStringIncludes(text, `${parameter}=`);
  }
});

Deno.test("what is not there is exit 2, with the nearest that is", async () => {
  for (
    const [args, message] of [
      [["help", "fautls"], 'Unknown topic "fautls" .*; did you mean faults\\?'],
      [["completions", "fissh"], "did you mean fish\\?"],
      [["completions"], "A shell is needed"],
      [["man", "server"], '"server" is one argument too many'],
      [["help", "server", "client"], '"client" is one argument too many'],
      [["sever"], "did you mean server\\?"],
      [["server", "--falt", "x"], "did you mean --fault\\?"],
      [["server", ":0=frward"], "did you mean forward\\?"],
      [["server", "--fault", "latncy:1s"], "did you mean latency\\?"],
      [["client", "--pnig"], "did you mean --ping\\?"],
    ] as const
  ) {
    const { code, stderr } = await netecho([...args]);
    assertEquals(code, 2, stderr);
    assertMatch(stderr, new RegExp(`^netecho: .*${message}`));
  }
});

Deno.test({
  ...needing(["bash"], "completion in bash"),
  async fn() {
    const script = `
      compopt() { :; } # which only a real completion may call
      source <("$@" completions bash)
      try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _netecho; echo "\${COMPREPLY[*]}"; }
      try netecho se; try netecho server --sho; try netecho server --show te
      try netecho server --service f; try netecho help f; try netecho server --cert LICEN
      try netecho server --stats ""; try netecho client --merg; try netecho server --fault lat
      try netecho server --show = te; try netecho client --merge LICEN`;
    assertEquals((await inShell("bash", script)).split("\n"), [
      ...["server", "--show", "text", "forward", "faults", "LICENSE", "", "--merge", "latency"],
      ...["text", "LICENSE"],
    ]);
  },
});

Deno.test({
  ...needing(["fish"], "completion in fish"),
  async fn() {
    const lines = [
      "se",
      "server --sho",
      "server --service f",
      "help f",
      "server --cert LICEN",
      "client --verb",
    ];
    const script = `$argv completions fish | source
      for line in ${lines.map((line) => `'netecho ${line}'`).join(" ")}
        complete -C $line | string replace -r '\\t.*' ''
      end`;
    assertEquals((await inShell("fish", script)).split("\n"), [
      ...["server", "--show", "forward", "faults", "LICENSE", "--verbose"],
    ]);
  },
});

Deno.test({
  ...needing(["zsh"], "completion in zsh"),
  async fn() {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/_netecho`, await print("completions", "zsh"));
    const lines = ["se", "server --sho", "server --show te", "server --service forw", "help fau"];
    const typed = [...lines, "server --cert LICEN"].map((line) => `'netecho ${line}'`).join(" ");
    const { text, code } = await bash(`zsh tests/testdata/complete.zsh '${folder}' ${typed}`);
    assertEquals(code, 0);
    assertEquals(text.trim().split("\n").map((line) => line.trim()), [
      "netecho server",
      "netecho server --show=",
      "netecho server --show text",
      "netecho server --service forward",
      "netecho help faults",
      "netecho server --cert LICENSE",
    ]);
    await Deno.remove(folder, { recursive: true });
  },
});

async function inShell(shell: string, script: string): Promise<string> {
  const [program, args] = netechoCommand([]);
  const own = shell === "bash" ? ["bash"] : []; // bash's $0
  const { code, text, stderr } = await runProgram([
    shell,
    ["-c", script, ...own, program, ...args],
  ]);
  assertEquals([code, stderr], [0, ""]);
  return text.replace(/\n$/, "");
}

Deno.test({
  ...needing(["mandoc"], "the man page is one"),
  async fn() {
    const page = await print("man");
    const lint = await runProgram(["mandoc", ["-T", "lint", "-W", "warning"]], { input: page });
    // It has no date: a binary does not know when it was released.
    assertEquals(lint.text.split("\n").filter((line) => !/missing date|^$/.test(line)), []);
    const { text } = await runProgram(["mandoc", ["-T", "ascii"]], { input: page });
    const plain = text.replace(/.\x08/g, ""); // bold is struck over
    assertStringIncludes(plain, "--max-connections-per-host N");
    assertStringIncludes(plain, "--reply '220 ready\\r\\n'");
  },
});
