/** Endpoints can be started and stopped while others go on. */
import { libc } from "../../../lib/net/linux/libc.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { parseOptions } from "../../../lib/cli/parse.ts";
import { systemClock } from "../../../lib/core/clock.ts";
import { NetworkError } from "../../../lib/core/errors.ts";
import type { Event } from "../../../lib/log/event.ts";
import type { Log } from "../../../lib/log/log.ts";
import { isInet } from "../../../lib/net/address.ts";
import { listenOptions } from "../../../lib/net/transports.ts";
import { Admission } from "../../../lib/server/admission.ts";
import type { Endpoint } from "../../../lib/server/endpoint.ts";
import { parseEndpoints } from "../../../lib/server/endpoint_spec.ts";
import { Endpoints } from "../../../lib/server/endpoints.ts";
import { serverOptions } from "../../../lib/server/options.ts";
import { serviceOptions } from "../../../lib/server/services.ts";
import { echoThrough, readAll, writeAll } from "../../support/connections.ts";
import { randomBytes } from "../../support/bytes.ts";

libc(); // stays loaded, which is no leak of a test

async function listening(...texts: string[]) {
  const parsed = await parseOptions([serverOptions, serviceOptions, listenOptions], []);
  const events: Event[] = [];
  const log = {
    emit: (event: Event) => void events.push(event),
    watch: () => ({}),
  } as unknown as Log;
  let count = 0;
  const server = {
    log,
    clock: systemClock,
    nextConnection: () => ++count,
    captures: new Set<never>(),
  };
  const endpoints = new Endpoints();
  for (const spec of await parseEndpoints(texts, parsed)) {
    endpoints.add(spec, { server, admission: new Admission() });
  }
  await endpoints.bindAll();
  for (const endpoint of endpoints) endpoint.accept();
  return { endpoints, all: [...endpoints], events };
}

function connect({ address }: Endpoint): Promise<Deno.TcpConn> {
  assert(isInet(address));
  return Deno.connect({ hostname: address.hostname, port: address.port });
}

Deno.test("an endpoint is stopped and started on its port while a transfer on another goes on", async () => {
  const { endpoints, all: [one, other] } = await listening("127.0.0.1:0,name=one", "127.0.0.1:0");
  const bytes = randomBytes(3_000_000);
  const transfer = await connect(one!);
  const half = bytes.length / 2;
  const reading = readAll(transfer);
  await writeAll(transfer, bytes.subarray(0, half));

  const cut = await connect(other!);
  await writeAll(cut, new Uint8Array([1]));
  assertEquals(await cut.read(new Uint8Array(8)), 1);
  const before = other!.address;
  await other!.stop();
  assertEquals(await cut.read(new Uint8Array(8)), null);
  cut.close();
  await assertRejects(() => connect(other!), Deno.errors.ConnectionRefused);

  await endpoints.start(other!);
  assertEquals(other!.address, before);
  assertEquals(await echoThrough(await connect(other!), randomBytes(1000)), randomBytes(1000));

  await writeAll(transfer, bytes.subarray(half));
  await transfer.closeWrite();
  assertEquals(await reading, bytes);
  transfer.close();
  await endpoints.stopListening();
  await endpoints.endAll({ reason: "stopped" });
  const { connections, received, sent } = endpoints.totals;
  assertEquals([connections, received, sent], [3, bytes.length + 1001, bytes.length + 1001]);
});

Deno.test("events name the endpoint; its default name is its address with the port", async () => {
  const { endpoints, all: [one, other], events } = await listening(
    "127.0.0.1:0,name=one",
    "127.0.0.1:0",
  );
  for (const endpoint of [one!, other!]) {
    assertEquals(
      await echoThrough(await connect(endpoint), new Uint8Array([1])),
      new Uint8Array([1]),
    );
  }
  assert(isInet(other!.address));
  await endpoints.stopListening();
  await endpoints.drain();
  const name = `127.0.0.1:${other!.address.port}`;
  assertEquals(
    events.map((event) => [event.event, (event as { endpoint?: string }).endpoint]),
    [["opened", "one"], ["closed", "one"], ["opened", name], ["closed", name]],
  );
});

Deno.test("a port that the server itself has in use is not called another program's", async () => {
  const { endpoints, all: [one] } = await listening("127.0.0.1:0");
  assert(isInet(one!.address));
  const parsed = await parseOptions([serverOptions, serviceOptions, listenOptions], []);
  const [spec] = await parseEndpoints([`tls://127.0.0.1:${one!.address.port}`], parsed);
  const server = {
    log: {} as Log,
    clock: systemClock,
    nextConnection: () => 1,
    captures: new Set<never>(),
  };
  const second = endpoints.add(spec!, { server, admission: new Admission() });
  const error = await assertRejects(
    () => endpoints.start(second),
    NetworkError,
    "this server listens on",
  );
  assert(!error.message.includes("stop the program"));
  await endpoints.stopListening();
});

Deno.test("starts and stops at the same moment take effect in their order", async () => {
  const { endpoints, all: [endpoint] } = await listening("127.0.0.1:0");
  await endpoint!.stop();
  await Promise.all([
    endpoints.start(endpoint!),
    endpoints.start(endpoint!),
    endpoint!.stopListening(),
  ]);
  assertEquals(endpoint!.listener, undefined);
  await assertRejects(() => connect(endpoint!), Deno.errors.ConnectionRefused);
  await Promise.all([
    endpoints.start(endpoint!),
    endpoint!.stopListening(),
    endpoints.start(endpoint!),
  ]);
  assertEquals(
    await echoThrough(await connect(endpoint!), new Uint8Array([1])),
    new Uint8Array([1]),
  );
  await endpoint!.stop();
});

Deno.test("a UDP endpoint is started again on its port", async () => {
  const { endpoints, all: [endpoint] } = await listening("udp://127.0.0.1:0");
  const { address } = endpoint!;
  assert(isInet(address));
  const { hostname, port } = address;
  const client = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const asked = async (byte: number) => {
    await client.send(new Uint8Array([byte]), { transport: "udp", hostname, port });
    return (await client.receive())[0];
  };
  assertEquals(await asked(1), new Uint8Array([1]));
  await endpoint!.stopListening();
  await endpoints.start(endpoint!);
  assertEquals(endpoint!.address, address);
  assertEquals(await asked(2), new Uint8Array([2]));
  client.close();
  await endpoint!.stop();
});
