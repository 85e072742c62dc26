/** Clients that a server meets in the field, by the wave. */
import { connect as nodeConnect } from "node:net";
import { assert, assertEquals } from "@std/assert";
import { delay, settlesWithin, systemClock } from "../../lib/core/clock.ts";
import { type Random, seeded } from "../../lib/core/random.ts";
import { randomBytes } from "../support/bytes.ts";
import { readExactly, writeAll } from "../support/connections.ts";

const AT_ONCE = 50;
const CLIENT_MS = 10_000; // that one may take

/** What the clients of a wave are given. */
interface Client {
  readonly port: number;
  readonly random: Random;
}

const loopback = (port: number) => Deno.connect({ hostname: "127.0.0.1", port });

/** Comes, has some bytes echoed, and goes. */
async function churn({ port, random }: Client): Promise<void> {
  using conn = await loopback(port);
  const bytes = randomBytes(1 + random() * 20_000, 1 + random() * 1000);
  const [echoed] = await Promise.all([readExactly(conn, bytes.length), writeAll(conn, bytes)]);
  assertEquals(echoed, bytes);
}

/** Sends RST at any point: before it is served, in the middle of a transfer, after its FIN. */
async function reset({ port, random }: Client): Promise<void> {
  const socket = nodeConnect({ host: "127.0.0.1", port });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => {});
  if (random() < 0.8) socket.write(randomBytes(random() * 500_000));
  if (random() < 0.2) socket.end();
  await delay(random() * 30, { clock: systemClock });
  socket.resetAndDestroy();
  await closed;
}

/** Sends much, and never reads. */
async function neverRead({ port, random }: Client): Promise<void> {
  using conn = await loopback(port);
  const writing = writeAll(conn, randomBytes(500_000)).catch(() => {});
  await delay(100 + random() * 300, { clock: systemClock });
  conn.close();
  await writing;
}

/** Sends byte by byte, and leaves without a word, or half-closed. */
async function slowWrite({ port, random }: Client): Promise<void> {
  using conn = await loopback(port);
  for (let count = 1 + random() * 5; count > 0; count--) {
    await conn.write(new Uint8Array(1));
    await delay(random() * 20, { clock: systemClock });
  }
  if (random() < 0.5) await conn.closeWrite();
}

const CLIENTS = [churn, churn, reset, neverRead, slowWrite];

/**
 * Sends so many clients to each port, some at once; the same seed sends the same. A client may fail,
 * as a fault may cut it off, but an echo without faults must be right.
 */
export async function wave(
  { ports, exact, count, seed }: {
    readonly ports: readonly number[];
    /** The port of the echo without faults. */
    readonly exact: number;
    readonly count: number;
    readonly seed: number;
  },
): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count * ports.length) {
      const number = next++;
      const random = seeded(seed, number);
      const port = ports[number % ports.length]!;
      const client = CLIENTS[Math.floor(random() * CLIENTS.length)]!;
      const going = client({ port, random });
      going.catch(() => {}); // whoever must not fail is awaited below
      const over = await settlesWithin(going, { clock: systemClock, milliseconds: CLIENT_MS });
      if (port !== exact || client !== churn) continue;
      assert(over, `no echo within ${CLIENT_MS} ms`);
      await going;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** Has so many clients for each port at once, which come, say something, and go. */
export async function exhaust(
  { ports, count }: { readonly ports: readonly number[]; readonly count: number },
): Promise<void> {
  const all = ports.flatMap((port) => Array.from({ length: count }, () => loopback(port)));
  const clients = (await Promise.allSettled(all)).flatMap((made) =>
    made.status === "fulfilled" ? [made.value] : []
  );
  await Promise.allSettled(clients.map((client) => client.write(new Uint8Array(8))));
  await delay(1000, { clock: systemClock });
  for (const client of clients) client.close();
}
