/**
 * Runs command lines as they stand, in a network of their own: ports are fixed, names are those of
 * documents. To be started by `unshare -rnm`; reads a JSON list of commands from stdin, and prints
 * one of what became of each.
 */
import { toText } from "@std/streams/to-text";
import { netechoCommand, netechoShell, runProgram } from "./programs.ts";
import { Authority } from "./pki.ts";

const NAMES = ["example.com", "db.internal", "mail.internal", "api.internal"];
const ADDRESSES = ["10.0.0.5", "10.0.0.9"];
const INTERRUPTED = 130; // before it had come far enough to end by itself
const LONG = 1.5; // seconds that a command may run that would go on

/** What became of a command. */
export interface Outcome {
  readonly command: string;
  readonly code: number;
  /** Both stdout and stderr. */
  readonly output: string;
}

async function must(program: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await runProgram([program, args]);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}

/** A folder with all that the commands name, in which they run. */
async function furnish(folder: string): Promise<Record<string, string>> {
  await using authority = await Authority.create();
  const names = ["localhost", ...NAMES];
  const { cert, key } = await authority.issue({ dns: names });
  const copy = (from: string, name: string) => Deno.copyFile(from, `${folder}/${name}`);
  await copy(authority.ca, "ca.pem");
  await copy(cert, "cert.pem");
  await copy(key, "key.pem");
  for (const name of ["file", "request", "page.http"]) {
    await Deno.writeTextFile(`${folder}/${name}`, "GET / HTTP/1.0\r\n\r\n");
  }
  await Deno.writeTextFile(`${folder}/bad.txt`, "192.0.2.0/24\n");
  await Deno.writeTextFile(`${folder}/hosts`, names.map((name) => `127.0.0.1 ${name}\n`).join(""));
  await Deno.mkdir(`${folder}/bin`);
  const program = async (name: string, text: string) =>
    await Deno.writeTextFile(`${folder}/bin/${name}`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  await program("netecho", `exec ${netechoShell([])} "$@"`);
  await program("wireshark", "trap '' INT; exec cat >/dev/null"); // as a window has it
  return { PATH: `${folder}/bin:${Deno.env.get("PATH")}`, SSL_CERT_FILE: `${folder}/ca.pem` };
}

/** Runs a line of bash, at most so long; then it is interrupted, as by Ctrl-C. */
async function run(
  command: string,
  { env, folder, seconds, until }: {
    env: Record<string, string>;
    folder: string;
    seconds: number;
    /** Interrupts it when it has printed this. */
    until?: RegExp;
  },
): Promise<Outcome> {
  const limit = ["--preserve-status", "-s", "INT", "-k", "10", `${seconds}`];
  const child = new Deno.Command("timeout", {
    // With something left to do bash does not become the program, which timeout would signal twice:
    // by itself, and with its group.
    args: [...limit, "bash", "-c", `exec 2>&1; cd '${folder}'; ${command}\nexit $?`],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    const before = output;
    output += decoder.decode(chunk, { stream: true });
    if (until?.test(output) && !until.test(before)) child.kill("SIGINT"); // to its whole group
  }
  return { command, code: (await child.status).code, output };
}

/** Peers by the names and numbers of the documents. */
const LISTENERS = ":8080 :80 :7 udp://:7 tls://:443 tls://:8443 :5432=reply :25=reply :5201=iperf3"
  .split(" ");
const WORLD = [
  ...LISTENERS,
  ...["--reply", "220 ready\\r\\n221 bye\\r\\n", "--cert", "cert.pem", "--key", "key.pem", "-q"],
];

async function main(): Promise<Outcome[]> {
  const commands = JSON.parse(await toText(Deno.stdin.readable)) as string[];
  const folder = await Deno.makeTempDir();
  const env = await furnish(folder);
  await must("ip", "link", "set", "lo", "up");
  for (const address of ADDRESSES) await must("ip", "addr", "add", `${address}/32`, "dev", "lo");
  await must("mount", "--bind", `${folder}/hosts`, "/etc/hosts");
  const outcomes: Outcome[] = [];
  const isServer = (command: string) => /\bnetecho server\b/.test(command);
  for (const command of commands.filter(isServer)) {
    outcomes.push(
      await run(command, { env, folder, seconds: 20, until: /(listening|control) .*\n/ }),
    );
  }
  const [program, args] = netechoCommand(["server", ...WORLD, "--capture", "tap.pcapng"]);
  const world = new Deno.Command(program, { args, cwd: folder, stdout: "piped" }).spawn();
  const reader = world.stdout.getReader();
  for (let text = ""; text.split("listening").length <= LISTENERS.length;) {
    text += new TextDecoder().decode((await reader.read()).value);
  }
  const prepare = [
    // Results that are merged are of one time.
    "netecho client :8080 --bench --duration 2s --json >one.json & " +
    "netecho client :8080 --bench --duration 2s --json >two.json; wait",
    "netecho client :8080 --bench --warmup 0 --duration 100ms --json >before.json",
    "netecho client :8080 --send hello --expect hello --capture session.pcapng",
    "cp session.pcapng many.pcapng",
    `echo "SHA256=$(openssl x509 -in cert.pem -noout -fingerprint -sha256 | cut -d= -f2)" >env`,
    "for n in 1 2 3 4; do echo hello | netecho client :8080; done; cp tap.pcapng recorded.pcapng",
  ];
  for (const command of prepare) {
    const { code, output } = await run(command, { env, folder, seconds: 20 });
    if (code !== 0) throw new Error(`${command}: ${output}`);
  }
  const SHA256 = (await Deno.readTextFile(`${folder}/env`)).trim().replace("SHA256=", "");
  for (const command of commands.filter((command) => !isServer(command))) {
    // The capture goes on, and a recording does not.
    const fixed = command.replace("tap.pcapng", "recorded.pcapng");
    // A load warms up for a second, and some have several parts.
    const seconds = /--under-load|--find/.test(command) ? 5 : /--bench/.test(command) ? 3 : LONG;
    const attempt = (seconds: number) => run(fixed, { env: { ...env, SHA256 }, folder, seconds });
    let outcome = await attempt(seconds);
    if (outcome.code === INTERRUPTED) outcome = await attempt(seconds * 10); // a busy machine
    outcomes.push({ ...outcome, command });
  }
  world.kill("SIGTERM");
  await Promise.all([reader.cancel(), world.status]);
  return outcomes;
}

if (import.meta.main) {
  const outcomes = JSON.stringify(await main());
  await Deno.stdout.write(new TextEncoder().encode(`${outcomes}\n`));
}
