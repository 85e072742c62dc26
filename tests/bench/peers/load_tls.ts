/**
 * What load.c does, over TLS.
 *
 * usage: deno run -A load_tls.ts PORT CONNECTIONS SIZE SECONDS CA   (prints "MESSAGES SECONDS")
 */
const [port, connections, size, seconds] = Deno.args.map(Number) as [
  number,
  number,
  number,
  number,
];
const caCerts = [Deno.readTextFileSync(Deno.args[4]!)];
const message = new Uint8Array(size).fill(97);
let messages = 0;
let stopped = false;

async function exchange(conn: Deno.TlsConn): Promise<void> {
  const buffer = new Uint8Array(size);
  while (!stopped) {
    for (let sent = 0; sent < size;) sent += await conn.write(message.subarray(sent));
    for (let received = 0; received < size;) {
      const length = await conn.read(buffer);
      if (length === null) throw new Error("closed early");
      received += length;
    }
    messages++;
  }
}

const conns = await Promise.all(Array.from({ length: connections }, async () => {
  const conn = await Deno.connect({ port });
  conn.setNoDelay(true);
  const secured = await Deno.startTls(conn, { hostname: "localhost", caCerts });
  await secured.handshake();
  return secured;
}));
const started = performance.now();
setTimeout(() => stopped = true, seconds * 1000);
await Promise.all(conns.map(exchange));
const elapsed = (performance.now() - started) / 1000;
Deno.stdout.writeSync(new TextEncoder().encode(`${messages} ${elapsed}\n`));
Deno.exit(0);
