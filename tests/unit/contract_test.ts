/** What every entry of every table promises (design, section 5). */
import { libc } from "../../lib/net/linux/libc.ts";
import { SocketDuplex } from "../../lib/net/socket_duplex.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { OptionTable } from "../../lib/cli/options.ts";
import { clientOptions } from "../../lib/client/options.ts";
import { faults } from "../../lib/faults/kinds.ts";
import { commonOptions } from "../../lib/faults/selectors.ts";
import { endpointOptions, serverOptions } from "../../lib/server/options.ts";
import { modes } from "../../lib/client/modes.ts";
import { dial, listen, transports } from "../../lib/net/transports.ts";
import { initialValues } from "../../lib/cli/options.ts";
import type { Service } from "../../lib/server/service.ts";
import { serviceOptions, services } from "../../lib/server/services.ts";
import { NetworkError } from "../../lib/core/errors.ts";
import { systemClock } from "../../lib/core/clock.ts";
import { FakeSocket, NOWHERE } from "../support/fakes.ts";
import { randomBytes } from "../support/bytes.ts";
import { withTransport } from "../support/skips.ts";

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

libc(); // stays loaded, which is no leak of a test

const context = {
  clock: systemClock,
  report() {},
  measured() {},
  active() {},
  watch() {},
  values: { ...initialValues(serviceOptions), reply: new Uint8Array([7]) },
};

function serve(service: Service, socket: SocketDuplex): Promise<string | void> {
  return service.handle(socket, { ...context, state: service.start?.(context.values) });
}

// The forwarder has a peer of its own besides: forward_test.ts.
for (const service of services.filter(({ name }) => name !== "forward")) {
  Deno.test(`${service.name}: the peer's end of input ends it, and closes its own side`, async () => {
    const socket = new FakeSocket([]);
    await serve(service, new SocketDuplex(socket, NOWHERE));
    assertEquals(socket.events.at(-1), "closeWrite");
  });

  Deno.test(`${service.name}: a peer that fails makes it fail with the same error`, async () => {
    const socket = new FakeSocket([new Uint8Array([1])], new Deno.errors.ConnectionReset("gone"));
    const peer = new SocketDuplex(socket, NOWHERE);
    await assertRejects(() => serve(service, peer), Deno.errors.ConnectionReset);
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
  await serve(echo, new SocketDuplex(socket, NOWHERE));
  assertEquals(socket.written, bytes);
});

// One and the same option may be shared; two options under one key would be confused.
for (
  const [side, tables] of Object.entries({
    server: [
      serverOptions,
      endpointOptions,
      ...services.map(({ options }) => options),
      ...transports.map(({ listenOptions }) => listenOptions),
    ],
    client: [
      clientOptions,
      ...modes.map(({ options }) => options),
      ...transports.map(({ dialOptions }) => dialOptions),
    ],
    ...Object.fromEntries(
      faults.map(({ name, options }) => [`fault ${name}`, [commonOptions, options]] as const),
    ),
  })
) {
  Deno.test(`${side}: no option has two meanings`, () => {
    const meanings = new Map<string, unknown>();
    for (const [key, option] of tables.flatMap((table: OptionTable) => Object.entries(table))) {
      assert((meanings.get(key) ?? option) === option, key);
      meanings.set(key, option);
    }
  });

  Deno.test(`${side}: a default stands in the option, not in its summary`, () => {
    for (const [key, option] of tables.flatMap((table: OptionTable) => Object.entries(table))) {
      if (option.defaultText === undefined) continue;
      assert(!/\bdefault\b/.test(option.summary), `${key}: ${option.summary}`);
    }
  });

  Deno.test(`${side}: options name others that there are`, () => {
    const keys = new Set(tables.flatMap((table: OptionTable) => Object.keys(table)));
    for (
      const { excludes = [], needs = [] } of tables.flatMap((table: OptionTable) =>
        Object.values(table)
      )
    ) {
      for (const key of [...excludes, ...needs]) assert(keys.has(key), key);
    }
  });
}

// Where no other test listens: one that gets the port, once it is free, would be found there.
const LOOPBACK = Deno.build.os === "linux" ? "127.0.0.77" : "127.0.0.1";

for (const { name, listenOptions, dialOptions } of transports) {
  Deno.test({
    ...withTransport(name, `${name}: connects, echoes, half-closes, and leaves nothing open`),
    async fn() {
      const path = await Deno.makeTempFile();
      await Deno.remove(path);
      const address = name === "unix"
        ? { transport: "unix" as const, path }
        : { transport: name, hostname: LOOPBACK, port: 0 };
      const clock = systemClock;
      const listener = await listen(address, { clock, values: initialValues(listenOptions) });
      const values = { ...initialValues(dialOptions), insecure: true };
      const accepting = listener.accept().then((arrival) => arrival.open());
      const client = await dial(listener.address, { timeout: 10_000, clock, values });
      const writer = client.writable.getWriter();
      await writer.write(new Uint8Array([1, 2, 3]));
      const server = await accepting;
      assertEquals(server.framed, client.framed);
      if (name !== "unix") {
        const known = "hostname" in client.local && client.local.hostname !== "0.0.0.0";
        // Where the system does not tell from which address a datagram is sent.
        const host = known ? client.local : { ...client.local, hostname: LOOPBACK };
        assertEquals(server.remote, host);
        assertEquals(server.local, client.remote);
      }
      await writer.close();
      if (server.framed) listener.close(); // datagrams have no other end
      await server.readable.pipeTo(server.writable); // its end closes the other side
      const received = [];
      for await (const chunk of client.readable) {
        received.push(...chunk);
        if (client.framed) break;
      }
      assertEquals(received, [1, 2, 3]);
      client.close();
      server.close();
      if (server.framed) return;
      listener.close();
      await assertRejects(
        () => dial(listener.address, { timeout: 10_000, clock, values }),
        NetworkError,
        name === "unix" ? "no such file" : "connection refused",
      );
    },
  });
}
