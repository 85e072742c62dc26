/**
 * A TCP forwarder of two copy loops over the runtime's raw calls: the floor of one in Deno.
 * usage: forward.ts LISTEN_PORT TO_PORT (prints "listening PORT")
 */
async function copy(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  for (let length = await from.read(buffer); length !== null; length = await from.read(buffer)) {
    for (let at = 0; at < length;) at += await to.write(buffer.subarray(at, length));
  }
  await to.closeWrite();
}

const [port, to] = Deno.args.map(Number);
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
