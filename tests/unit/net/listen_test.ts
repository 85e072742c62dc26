/** Listening on every interface, on systems that differ in how IPv6 sockets treat IPv4. */
import { assertEquals, assertThrows } from "@std/assert";
import { NetworkError } from "../../../lib/core/errors.ts";
import { acceptingFromAll, receivingFromAll } from "../../../lib/net/both_families.ts";
import { initialValues } from "../../../lib/cli/options.ts";
import { systemClock } from "../../../lib/core/clock.ts";
import type { InetAddress } from "../../../lib/net/address.ts";
import { listenWithDatagrams } from "../../../lib/net/datagrams_beside.ts";
import { listenOptions } from "../../../lib/net/transports.ts";
import { bind, type HostPort } from "../../../lib/net/listen.ts";

/** A system on which other programs have taken some addresses. */
function system({ dual, taken = [] }: { dual: boolean; taken?: string[] }) {
  const inUse = new Set(taken);
  let nextPort = 40_000;
  return ({ hostname, port: wanted }: HostPort) => {
    const port = wanted || nextPort++;
    const held = hostname === "::" && dual
      ? [`::${port}`, `0.0.0.0${port}`]
      : [`${hostname}${port}`];
    if (held.some((each) => inUse.has(each))) throw new Deno.errors.AddrInUse("in use");
    for (const each of held) inUse.add(each);
    const close = () => {
      for (const each of held) inUse.delete(each);
    };
    return { addr: { transport: "tcp", hostname, port } as const, close };
  };
}

const everywhere = (port: number) => ({ transport: "tcp", hostname: "", port });
const addresses = (bound: readonly { addr: Deno.NetAddr }[]) =>
  bound.map(({ addr: { hostname, port } }) => `${hostname} ${port}`);

Deno.test("one socket where IPv6 takes IPv4, two on one port where it does not", () => {
  assertEquals(addresses(bind(everywhere(80), system({ dual: true }))), [":: 80"]);
  const two = [":: 80", "0.0.0.0 80"];
  assertEquals(addresses(bind(everywhere(80), system({ dual: false }))), two);
  const written = { ...everywhere(80), hostname: "::" };
  assertEquals(addresses(bind(written, system({ dual: false }))), two);
});

Deno.test("a port that another program has for IPv4 alone is in use; a free one is looked for", () => {
  const listen = system({ dual: false, taken: ["0.0.0.080"] });
  assertThrows(() => bind(everywhere(80), listen), NetworkError, "in use");
  assertEquals(addresses(bind(everywhere(0), system({ dual: false, taken: ["0.0.0.040000"] }))), [
    ":: 40002", // 40001 was for a probe
    "0.0.0.0 40002",
  ]);
});

Deno.test("what one of two listeners has accepted waits while the other is served", async () => {
  const closed: string[] = [];
  const listener = (name: string, addr: Deno.NetAddr) => {
    const waiting: PromiseWithResolvers<{ name: string; close(): void }>[] = [];
    return {
      addr,
      accept() {
        const next = Promise.withResolvers<{ name: string; close(): void }>();
        waiting.push(next);
        return next.promise;
      },
      close: () => void closed.push(name),
      give: (name: string) =>
        waiting.shift()!.resolve({ name, close: () => void closed.push(name) }),
    };
  };
  const addr = { transport: "tcp", hostname: "::", port: 1 } as const;
  const [six, four] = [listener("six", addr), listener("four", addr)];
  const all = acceptingFromAll([six, four]);
  const first = all.accept();
  six.give("a");
  four.give("b");
  const second = first.then(() => all.accept());
  assertEquals([(await first).name, (await second).name], ["a", "b"]);
  const third = all.accept();
  four.give("c");
  assertEquals((await third).name, "c");
  six.give("d"); // accepted, and wanted by nobody any more
  all.close();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(closed, ["six", "four", "d"]);
});

Deno.test("datagrams come from both sockets and go out by the one for their family", async () => {
  const bind = (hostname: string) => Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  const [one, two, client] = [bind("127.0.0.1"), bind("127.0.0.1"), bind("127.0.0.1")];
  const both = receivingFromAll([one, two], 100);
  for (const { addr } of [two, one]) await client.send(new Uint8Array([1]), addr);
  const ports = new Set<number>();
  for (let count = 0; count < 2; count++) {
    const [, from] = await both.receive();
    await both.send(new Uint8Array([2]), from); // to an IPv4 address: by the second
    ports.add(((await client.receive())[1] as Deno.NetAddr).port);
  }
  assertEquals(ports, new Set([(two.addr as Deno.NetAddr).port]));
  const pending = both.receive().catch(({ name }) => name);
  both.close();
  assertEquals(await pending, "Interrupted");
  client.close();
});

Deno.test("datagrams come to the port of a stream listener, whose end frees both", async () => {
  const options = { values: initialValues(listenOptions), clock: systemClock };
  const address = { transport: "tcp", hostname: "127.0.0.1", port: 0 };
  const listener = await listenWithDatagrams(address, options);
  const { port } = listener.address as InetAddress;
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  await socket.send(new Uint8Array(3), { transport: "udp", hostname: "127.0.0.1", port });
  const first = await listener.accept();
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const second = await listener.accept();
  assertEquals([first, second].map(({ local }) => local.transport), ["udp", "tcp"]);
  first.close();
  second.close();
  conn.close();
  socket.close();
  const accepting = listener.accept().catch(() => "closed");
  listener.close();
  assertEquals(await accepting, "closed");
  await listener.released;
  await listenWithDatagrams({ ...address, port }, options).then(async (again) => {
    again.close();
    await again.released;
  });
});
