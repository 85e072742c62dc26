import { assertEquals } from "@std/assert";
import { HelloReader, readClientHello } from "../../../lib/net/transports/tls/client_hello.ts";
import { OPENSSL_HELLO } from "../../support/hello.ts";
import { seeded } from "../../../lib/core/random.ts";

const HELLO = { serverName: "shop.example", versions: ["TLSv1.3"] };

Deno.test("the hello of openssl names its host and its versions", () => {
  assertEquals(readClientHello(OPENSSL_HELLO), HELLO);
});

Deno.test("a hello is found in chunks, and not looked for behind the first record", () => {
  const reader = new HelloReader();
  for (const byte of OPENSSL_HELLO) {
    assertEquals(reader.hello, undefined);
    reader.read(new Uint8Array([byte]));
  }
  assertEquals(reader.hello, HELLO);
  const other = new HelloReader();
  other.read(new Uint8Array(2 ** 15));
  other.read(OPENSSL_HELLO);
  assertEquals(other.hello, undefined);
});

Deno.test("what is no hello, or only a part of one, is none", () => {
  for (let length = 0; length < OPENSSL_HELLO.length; length++) {
    assertEquals(readClientHello(OPENSSL_HELLO.subarray(0, length)), undefined);
  }
  assertEquals(readClientHello(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")), undefined);
  const random = seeded(1);
  for (let round = 0; round < 20_000; round++) {
    const bytes = OPENSSL_HELLO.slice();
    for (let change = 0; change < 3; change++) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    readClientHello(bytes); // throws nothing
  }
});

Deno.test("a hello that is cut into several records is put together", () => {
  const message = OPENSSL_HELLO.subarray(5);
  const records: number[] = [];
  for (let at = 0; at < message.length; at += 7) {
    const part = message.subarray(at, at + 7);
    records.push(22, 3, 1, 0, part.length, ...part);
    const whole = at + 7 >= message.length;
    assertEquals(readClientHello(new Uint8Array(records)), whole ? HELLO : undefined);
  }
});
