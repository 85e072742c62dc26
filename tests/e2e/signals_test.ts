/** What signals do to a program, as process 1 of a container and at a terminal. */
import { assertEquals } from "@std/assert";
import { netechoCommand, netechoShell, Running, runProgram, Server } from "../support/programs.ts";
import { needingNamespace, onLinux, withSignal } from "../support/skips.ts";
import { unusedPort, withFolder } from "../support/system.ts";

const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;

/**
 * The process that unshare has started, once it handles signals: SIGQUIT last, and the runtime never
 * by itself.
 */
async function firstProcess(unshare: number): Promise<number> {
  for (;;) {
    const children = Deno.readTextFileSync(`/proc/${unshare}/task/${unshare}/children`).trim();
    const status = children && Deno.readTextFileSync(`/proc/${children}/status`);
    const [, caught = "0"] = /^SigCgt:\s*([\da-f]+)$/m.exec(status) ?? [];
    if ((BigInt(`0x${caught}`) >> BigInt(NUMBERS.SIGQUIT - 1) & 1n) === 1n) return Number(children);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

for (const [signal, number] of Object.entries(NUMBERS)) {
  const name = `${signal} ends every mode of the client, as process 1 too`;
  const handled = withSignal(signal as Deno.Signal, name);
  Deno.test({
    ...(handled.ignore ? handled : needingNamespace(name)),
    async fn() {
      await using silent = await Server.start(["-q"], "127.0.0.1:0=discard");
      const at = `127.0.0.1:${silent.port}`;
      const absent = `127.0.0.1:${unusedPort()}`;
      const clients = [
        ["client", at, "--recv-only"],
        ["client", at, "--expect", "never"],
        ["client", absent, "--wait", "1h"],
        ["client", absent, "--retry", "1h"],
        ["client", at, "--wait-closed", "1h"],
      ];
      for (const args of clients) {
        const [program, rest] = netechoCommand(args);
        await using running = new Running([
          "unshare",
          ["-rpf", "--mount-proc", "--kill-child", program, ...rest],
        ]);
        Deno.kill(await firstProcess(running.pid), signal as Deno.Signal);
        assertEquals((await running.end()).code, 128 + number, args.join(" "));
      }
    },
  });
}

Deno.test({
  ...onLinux("a program that waits for a file it was given ends at a signal", ["mkfifo"]),
  fn: () =>
    withFolder(async (folder) => {
      const pipe = `${folder}/pipe`;
      await runProgram(["mkfifo", [pipe]]);
      for (
        const args of [
          ["client", "--replay", pipe, "--streams"],
          ["client", "localhost", "1", "--bench", "--send-file", pipe],
          ["server", ":0", "--config", pipe],
        ]
      ) {
        await using running = new Running(netechoCommand(args));
        using _writer = await Deno.open(pipe, { write: true }); // once it is read
        assertEquals((await running.stop()).code, 128 + NUMBERS.SIGTERM, args.join(" "));
      }
    }),
});

Deno.test({
  ...onLinux("a client that is stopped leaves the terminal as it was", ["script", "stty", "bash"]),
  async fn() {
    await using server = await Server.start(["-q"]);
    const client = netechoShell(["client", `127.0.0.1:${server.port}`]);
    // Only the client is told to stop; the shell says afterwards what it did to the terminal.
    const commands = `stty -a | md5sum; (echo pid $BASHPID; exec ${client}); echo code $?; ` +
      "stty -a | md5sum; echo done";
    const script = `bash -c '${commands}'`;
    await using terminal = new Running(["script", ["-qfec", script, "/dev/null"]], {
      stdin: "piped",
    });
    const pid = Number(/pid (\d+)/.exec(await terminal.line(/^pid \d+/))![1]);
    await terminal.line(/connected to tcp:/);
    Deno.kill(pid, "SIGTERM");
    await terminal.line(/done/);
    const sums = terminal.lines.map((line) => /^([\da-f]{32})/.exec(line)?.[1]).filter(Boolean);
    assertEquals(sums.length, 2);
    assertEquals(sums[0], sums[1]);
    assertEquals(terminal.lines.some((line) => /code 143/.test(line)), true);
    await terminal.stdin.close();
  },
});
