/**
 * A TCP forwarder of two copy loops over the runtime's raw calls: the floor of one in Deno. With a
 * delay, chunks wait in one queue for all until their moment, and a thread sleeps until the first.
 * usage: forward.ts LISTEN_PORT TO_PORT [DELAY_MS] (prints "listening PORT")
 */
interface Delayed {
  readonly moment: number;
  readonly to: Deno.TcpConn;
  readonly bytes: Uint8Array;
}

const EARLY_MS = 0.2;
const MAX_PASSED = 1000;
const [port, to, delayMs = 0] = Deno.args.map(Number);
const queue: Delayed[] = [];
let passed = 0;
let asleep = false;
const usleep = delayMs > 0
  ? Deno.dlopen("libc.so.6", {
    usleep: { parameters: ["u32"], result: "i32", nonblocking: true },
  }).symbols.usleep
  : undefined;

function passDue(): void {
  asleep = false;
  const due = performance.now() + EARLY_MS;
  for (; passed < queue.length && queue[passed]!.moment <= due; passed++) {
    queue[passed]!.to.write(queue[passed]!.bytes).catch(() => {});
  }
  if (passed > MAX_PASSED) passed -= queue.splice(0, passed).length;
  sleep();
}

function sleep(): void {
  if (asleep || passed === queue.length) return;
  asleep = true;
  const left = queue[passed]!.moment - EARLY_MS - performance.now();
  usleep!(Math.max(0, Math.round(left * 1000))).then(passDue);
}

async function copy(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  for (let length = await from.read(buffer); length !== null; length = await from.read(buffer)) {
    if (delayMs > 0) {
      queue.push({ moment: performance.now() + delayMs, to, bytes: buffer.slice(0, length) });
      sleep();
      continue;
    }
    for (let at = 0; at < length;) at += await to.write(buffer.subarray(at, length));
  }
  await to.closeWrite();
}

const listener = Deno.listen({ hostname: "127.0.0.1", port: port!, tcpBacklog: 1024 });
Deno.stdout.writeSync(new TextEncoder().encode(`listening ${listener.addr.port}\n`));
for await (const conn of listener) {
  conn.setNoDelay(true);
  Deno.connect({ hostname: "127.0.0.1", port: to! }).then(async (upstream) => {
    upstream.setNoDelay(true);
    await Promise.allSettled([copy(conn, upstream), copy(upstream, conn)]);
    conn.close();
    upstream.close();
  });
}
