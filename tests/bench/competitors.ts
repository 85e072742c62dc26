/** Who is measured, over which transport. */
import { fileURLToPath } from "node:url";
import { has } from "../support/skips.ts";
import { netechoCommand, runProgram } from "../support/programs.ts";
import { unusedPort } from "../support/system.ts";
import type { Authority, Issued } from "../support/pki.ts";

const PEERS = fileURLToPath(new URL("peers/", import.meta.url));

/** A transport that echo servers are compared over. */
export type Transport = "tcp" | "tls" | "udp" | "unix";

type Command = [string, string[]];

/** An echo server: it prints `listening`, and where. */
export interface Competitor {
  readonly name: string;
  readonly command: Command;
}

/** What the servers and the load generators are made of. */
export interface Workshop {
  readonly folder: string;
  readonly authority: Authority;
  readonly issued: Issued;
  /** Tells what is not measured. */
  readonly say: (text: string) => void;
}

/** Compiles what is to be compiled. */
export async function build({ folder, say }: Workshop): Promise<void> {
  if (!has("gcc")) throw new Error("the load generator needs gcc");
  for (const name of ["load", "echo", "pingpong"]) {
    await runProgram(["gcc", ["-O2", "-o", `${folder}/${name}`, `${PEERS}${name}.c`, "-lm"]]);
  }
  for (const name of has("go") ? ["echo", "forward"] : []) {
    await runProgram(["go", ["build", "-o", `${folder}/${name}_go`, `${PEERS}${name}.go`]]);
  }
  for (const program of ["go", "node", "socat"]) {
    if (!has(program)) say(`skipped: ${program} is not here`);
  }
}

/** The echo servers for a transport; the first is what the others are compared with. */
export function competitors(transport: Transport, workshop: Workshop): Competitor[] {
  const { folder, issued: { cert, key } } = workshop;
  const path = () => `${folder}/${crypto.randomUUID()}.sock`;
  const c: Competitor = { name: "C, epoll", command: [`${folder}/echo`, ["0"]] };
  const go: Competitor = { name: "Go, net", command: [`${folder}/echo_go`, ["0"]] };
  const at = transport === "unix" ? [path()] : transport === "tls" ? ["0", cert, key] : ["0"];
  const node: Competitor = {
    name: "Node",
    command: ["node", [`${PEERS}echo.mjs`, transport, ...at]],
  };
  const address = transport === "unix" ? `unix:${path()}` : `${transport}://127.0.0.1:0`;
  const files = transport === "tls" ? ["--cert", cert, "--key", key] : [];
  const netecho = netechoCommand(["server", address, ...files]);
  return [
    ...(transport === "tcp" ? [c] : []),
    ...(transport === "tcp" && has("go") ? [go] : []),
    ...(has("node") ? [node] : []),
    ...(has("socat") ? [{ name: "socat", command: socat(transport, { path, cert, key }) }] : []),
    { name: "netecho -q", command: [netecho[0], [...netecho[1], "-q"]] },
    ...(transport === "tcp" ? [logging(netecho, folder)] : []),
  ];
}

function socat(
  transport: Transport,
  { path, cert, key }: { path: () => string; cert: string; key: string },
): Command {
  const where = transport === "unix" ? path() : String(unusedPort());
  const local = "bind=127.0.0.1,reuseaddr,fork";
  const listen = {
    tcp: `TCP-LISTEN:${where},${local},nodelay,backlog=1024`,
    tls: `OPENSSL-LISTEN:${where},${local},nodelay,backlog=1024,cert=${cert},key=${key},verify=0`,
    udp: `UDP-RECVFROM:${where},${local}`,
    unix: `UNIX-LISTEN:${where},fork,backlog=1024`,
  }[transport];
  return ["bash", ["-c", `echo listening ${where}; exec socat ${listen} PIPE 2>/dev/null`]];
}

// A shell that says whom it started, and passes the first line on.
function logging([program, args]: [string, readonly string[]], folder: string): Competitor {
  const log = `${folder}/${crypto.randomUUID()}.log`;
  const script = `"$0" "$@" >${log} & until [ -s ${log} ]; do :; done; head -n 1 ${log}; wait`;
  return { name: "netecho, log to a file", command: ["bash", ["-c", script, program, ...args]] };
}

/** The load generator for a transport, aimed at what a server has said after `listening`. */
export function generator(transport: Transport, { where, workshop }: {
  readonly where: string;
  readonly workshop: Workshop;
}): (args: readonly string[]) => Command {
  const { folder, authority } = workshop;
  const last = /[^:]*$/.exec(where)![0];
  if (transport === "tls") {
    const script = `${PEERS}load_tls.ts`;
    return (args) => [Deno.execPath(), ["run", "-A", script, last, ...args, authority.ca]];
  }
  const target = { tcp: last, udp: `udp:${last}`, unix: `unix:${last}` }[transport];
  return (args) => [`${folder}/load`, [target, ...args]];
}
