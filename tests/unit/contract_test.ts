/** What every entry of every table promises (design, section 5). */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { modes } from "../../lib/modes/table.ts";
import { SocketDuplex } from "../../lib/net/duplex.ts";
import { dial, listen, transports } from "../../lib/net/table.ts";
import { services } from "../../lib/services/table.ts";
import { NetworkError } from "../../lib/errors.ts";
import { systemClock } from "../../lib/clock.ts";
import { FakeSocket, NOWHERE } from "../fakes.ts";
import { randomBytes } from "../helpers.ts";

for (const entry of [...services, ...modes, ...transports]) {
  Deno.test(`${entry.name}: has a name and a summary that fit the help`, () => {
    assertMatch(entry.name, /^[a-z][a-z0-9-]*$/);
    assertMatch(entry.summary, /^\S.{5,90}[^.\s]$/);
  });
}

for (const entry of [...services, ...modes]) {
  Deno.test(`${entry.name}: has an example, and options that describe themselves`, () => {
    assertMatch(entry.example, /\bnetecho (server|client)\b/);
    for (const option of Object.values(entry.options)) assert(option.summary.length > 5);
  });
}

for (const service of services) {
  Deno.test(`${service.name}: the peer's end of input ends it, and closes its own side`, async () => {
    const socket = new FakeSocket([]);
    await service.handle(new SocketDuplex(socket, NOWHERE));
    assertEquals(socket.events.at(-1), "closeWrite");
  });

  Deno.test(`${service.name}: a peer that fails makes it fail with the same error`, async () => {
    const socket = new FakeSocket([new Uint8Array([1])], new Deno.errors.ConnectionReset("gone"));
    const peer = new SocketDuplex(socket, NOWHERE);
    await assertRejects(() => service.handle(peer), Deno.errors.ConnectionReset);
    peer.close();
    peer.close();
    assertEquals(socket.events.filter((event) => event === "close").length, 1);
  });
}

Deno.test("echo: conserves bytes, however they are cut", async () => {
  const bytes = randomBytes(100_000);
  const pieces = [1, 1023, 1024, 5000, 92_952].map((length, index, all) => {
    const start = all.slice(0, index).reduce((sum, each) => sum + each, 0);
    return bytes.slice(start, start + length);
  });
  const socket = new FakeSocket(pieces);
  const echo = services.find(({ name }) => name === "echo")!;
  await echo.handle(new SocketDuplex(socket, NOWHERE));
  assertEquals(socket.written, bytes);
});

for (const transport of transports) {
  Deno.test(`${transport.name}: connects, half-closes, and leaves nothing open`, async () => {
    const listener = listen({ transport: transport.name, hostname: "127.0.0.1", port: 0 });
    assert(listener.address.port > 0);
    const accepting = listener.accept();
    const client = await dial(listener.address, { timeout: 10_000, clock: systemClock });
    const server = await accepting;
    assertEquals(server.remote, client.local);
    assertEquals(server.local, client.remote);
    const writer = client.writable.getWriter();
    await writer.write(new Uint8Array([1, 2, 3]));
    await writer.close();
    await server.readable.pipeTo(server.writable); // its end closes the other side
    const received = [];
    for await (const chunk of client.readable) received.push(...chunk);
    assertEquals(received, [1, 2, 3]);
    client.close();
    server.close();
    listener.close();
    await assertRejects(
      () => dial(listener.address, { timeout: 10_000, clock: systemClock }),
      NetworkError,
      "connection refused",
    );
  });
}
