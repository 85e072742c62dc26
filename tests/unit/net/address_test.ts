import { assertEquals, assertThrows } from "@std/assert";
import {
  type Address,
  formatAddress,
  isLiteral,
  showAddress,
  socketAddress,
} from "../../../lib/net/address.ts";
import { parseAddress, parseHostPort } from "../../../lib/net/parse_address.ts";
import { UsageError } from "../../../lib/core/errors.ts";

const VALID: Readonly<Record<string, [transport: string, hostname: string, port: number]>> = {
  "8080": ["tcp", "", 8080],
  ":8080": ["tcp", "", 8080],
  "localhost:0": ["tcp", "localhost", 0],
  "127.0.0.1:65535": ["tcp", "127.0.0.1", 65535],
  "[::1]:80": ["tcp", "::1", 80],
  "[fe80::1%eth0]:80": ["tcp", "fe80::1%eth0", 80],
  "[::ffff:192.0.2.1]:80": ["tcp", "::ffff:192.0.2.1", 80],
  "tcp://example.com:7": ["tcp", "example.com", 7],
  "TLS://example.com:443": ["tls", "example.com", 443],
  "udp://:7": ["udp", "", 7],
  "tcp:80": ["tcp", "tcp", 80],
  "tls-client:443": ["tcp", "tls-client", 443],
  "tcp-listen:80": ["tcp", "tcp-listen", 80],
};

for (const [text, [transport, hostname, port]] of Object.entries(VALID)) {
  Deno.test(`${text} is an address`, () => {
    assertEquals(parseAddress(text), { transport, hostname, port });
  });
}

for (
  const text of ["", "tcp://", "host", "host:", "host:80:90", "::1", "[::1]", "[]:80", "[host]:80"]
    .concat(["[1::2::3]:0", "[1:2:3:4:5:6:7:8:9]:0", "[12345::]:0", "[::300.1.1.1]:0", "[::1%]:0"])
    .concat(["host:-1", "host:1.5", "host:0x50", "host:65536", "a b:80", "tcp://h:80/", "h\n:80"])
) {
  Deno.test(`${JSON.stringify(text)} is no address`, () => {
    assertThrows(() => parseAddress(text), UsageError);
  });
}

Deno.test("HOST and PORT: IPv6 with brackets or without", () => {
  const address = { transport: "tcp", hostname: "::1", port: 80 };
  assertEquals(parseHostPort("::1", "80"), address);
  assertEquals(parseHostPort("[::1]", "80"), address);
  assertThrows(() => parseHostPort("host", "http"), UsageError, "port between 0 and 65535");
});

Deno.test("an address is written as it is read", () => {
  for (const text of ["tcp://[::1]:80", "tcp://127.0.0.1:80", "udp://example.com:7"]) {
    assertEquals(formatAddress(parseAddress(text)), text);
  }
});

Deno.test("an IPv4 peer of a dual-stack socket is shown as IPv4", () => {
  const mapped = { transport: "tcp", hostname: "::ffff:192.0.2.1", port: 5 } as const;
  assertEquals(socketAddress("tcp", mapped).hostname, "192.0.2.1");
  assertEquals(socketAddress("tcp", { ...mapped, hostname: "::1" }).hostname, "::1");
});

Deno.test("literals need no look-up", () => {
  assertEquals(["1.2.3.4", "::1", "1.example", "localhost"].map(isLiteral), [
    true,
    true,
    false,
    false,
  ]);
});

Deno.test("a path with controls in it is shown, and commands no terminal", () => {
  const path = "/tmp/a\x1b[31m\u202eb";
  assertEquals(
    showAddress({ transport: "unix", path } as Address),
    "unix:/tmp/a\\x1b[31m\\u{202e}b",
  );
});

Deno.test("an address without a port has the default one, where there is one", () => {
  const portOf = (text: string) => formatAddress(parseAddress(text, { defaultPort: 5201 }));
  assertEquals(portOf("localhost"), "tcp://localhost:5201");
  assertEquals(portOf("[::1]"), "tcp://[::1]:5201");
  assertEquals(portOf("[fe80::1%eth0]"), "tcp://[fe80::1%eth0]:5201");
  assertEquals(portOf("udp://10.0.0.1"), "udp://10.0.0.1:5201");
  assertEquals(portOf("tls://localhost:443"), "tls://localhost:443");
  assertEquals(portOf("8080"), "tcp://:8080");
  assertThrows(() => portOf("a b"), UsageError);
});
