/** The least that a load in Deno can be: PORT CONNECTIONS BYTES SECONDS; prints messages, seconds. */
const [port, connections, bytes, seconds] = Deno.args.map(Number) as [
  number,
  number,
  number,
  number,
];
const message = new Uint8Array(bytes).fill(7);
const until = performance.now() + seconds * 1000;
const started = performance.now();
let messages = 0;

async function ask(): Promise<void> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  const into = new Uint8Array(bytes);
  while (performance.now() < until) {
    await conn.write(message);
    for (let got = 0; got < bytes;) got += await conn.read(into) ?? bytes;
    messages++;
  }
}

await Promise.all(Array.from({ length: connections }, ask));
await Deno.stdout.write(
  new TextEncoder().encode(`${messages} ${(performance.now() - started) / 1000}\n`),
);
