import { assertEquals } from "@std/assert";
import type { Address } from "../../../lib/net/address.ts";
import { proxyHeader, readProxyHeader } from "../../../lib/net/proxy_protocol.ts";
import { FakeSocket } from "../../support/fakes.ts";

const at = (hostname: string, port: number): Address => ({ transport: "tcp", hostname, port });

for (const version of ["1", "2"] as const) {
  for (
    const [remote, local] of [
      [at("203.0.113.7", 65535), at("198.51.100.1", 0)],
      [at("2001:db8::7", 1), at("::1", 80)],
      [at("::", 1), at("fe80::1:0:0:2", 80)],
    ] as const
  ) {
    const name = `${JSON.stringify(remote)} -> ${JSON.stringify(local)}`;
    Deno.test(`version ${version} is read as it was written, not a byte more: ${name}`, async () => {
      const header = proxyHeader({ remote, local }, { version });
      const socket = new FakeSocket([...header, 42].map((byte) => new Uint8Array([byte])));
      assertEquals(await readProxyHeader(socket, "tcp"), { remote, local });
      const rest = new Uint8Array(10);
      assertEquals([await socket.read(rest), rest[0]], [1, 42]);
    });
  }

  Deno.test(`version ${version} says nothing of what is no TCP connection`, async () => {
    const unnamed = { transport: "unix", path: "" } as const;
    const header = proxyHeader({ remote: unnamed, local: unnamed }, { version });
    assertEquals(await readProxyHeader(new FakeSocket([header]), "unix"), undefined);
  });

  Deno.test(`version ${version} maps the IPv4 end of a mixed pair, and maps it back`, async () => {
    const ends = { remote: at("2001:db8::7", 1), local: at("127.0.0.1", 2) };
    const header = proxyHeader(ends, { version });
    assertEquals(await readProxyHeader(new FakeSocket([header]), "tcp"), ends);
  });
}

Deno.test("version 1 is the line of the specification's example", () => {
  const ends = { remote: at("192.168.0.1", 56324), local: at("192.168.0.11", 443) };
  const header = new TextDecoder().decode(proxyHeader(ends, { version: "1" }));
  assertEquals(header, "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n");
});

Deno.test("extensions of version 2 are skipped, and not kept", async () => {
  const ends = { remote: at("192.0.2.1", 1), local: at("192.0.2.2", 2) };
  const plain = proxyHeader(ends, { version: "2" });
  const header = new Uint8Array(16 + 65_535 + 1).fill(7);
  header.set(plain);
  header.set([0xff, 0xff], 14); // what follows the first 16 bytes
  header[header.length - 1] = 42;
  const socket = new FakeSocket([header]);
  let largest = 0;
  const counting = {
    read(into: Uint8Array) {
      largest = Math.max(largest, into.length);
      return socket.read(into);
    },
  };
  assertEquals(await readProxyHeader(counting, "tcp"), ends);
  const rest = new Uint8Array(10);
  assertEquals([await socket.read(rest), rest[0], largest], [1, 42, 512]);
});
