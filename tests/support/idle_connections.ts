/**
 * Opens connections to a server and leaves them idle, in a network of its own, where nobody else
 * adds to the kernel's counters. To be started by `unshare -rn`, with the number of connections;
 * prints what it has measured as JSON.
 */
import { readExactly } from "./connections.ts";
import { Server } from "./programs.ts";
import { residentMemory } from "./system.ts";

/** What idle connections cost. */
export interface IdleCost {
  readonly bytesEach: number;
  /** SYNs that were sent again. */
  readonly synRetries: number;
}

async function measure(count: number): Promise<IdleCost> {
  await using server = await Server.start(["-q", "--stats", "100ms"]);
  const before = residentMemory(server.pid);
  const clients = await Promise.all(Array.from({ length: count }, () => server.connect()));
  await server.line(new RegExp(`${count.toLocaleString("en")} open`));
  const bytesEach = (residentMemory(server.pid) - before) / count;
  const last = clients.at(-1)!;
  await last.write(new Uint8Array([1]));
  await readExactly(last, 1);
  for (const conn of clients) conn.close();
  await server.line(/ 0 open/);
  return { bytesEach, synRetries: synRetries() };
}

function synRetries(): number {
  const [names, values] = Deno.readTextFileSync("/proc/net/netstat").split("\n")
    .filter((line) => line.startsWith("TcpExt:")).map((line) => line.split(" "));
  return Number(values![names!.indexOf("TCPSynRetrans")]);
}

if (import.meta.main) {
  const { success } = await new Deno.Command("ip", { args: ["link", "set", "lo", "up"] }).output();
  if (!success) throw new Error("no loopback in the new network");
  const result = await measure(Number(Deno.args[0]));
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(result)));
}
