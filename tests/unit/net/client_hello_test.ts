import { assertEquals } from "@std/assert";
import { HelloReader, readClientHello } from "../../../lib/net/transports/tls/client_hello.ts";
import { seeded } from "../../../lib/core/random.ts";

// openssl s_client -servername shop.example -tls1_3 -groups X25519
const OPENSSL = Uint8Array.fromHex(
  "16030100df010000db03038418d5822776d11c5970df691a3a5568dc30aafb1b7b31503dae6e4874c06da4204506" +
    "607b954f6241a044ce1c750b9d3ef30e237a779f34ee2cf9b2efac81a217000813021303130100ff0100008a0000" +
    "0011000f00000c73686f702e6578616d706c65000b000403000102000a000400020" +
    "01d00230000001600000017" +
    "0000000d001e001c040305030603080708080809080a080b080408050806040105010601002b0003020304002d00" +
    "020101003300260024001d0020500e960081c70ce50dc13df543ea92d4eb95caafdaaf6e43c84d2cb8764c0724",
);
const HELLO = { serverName: "shop.example", versions: ["TLSv1.3"] };

Deno.test("the hello of openssl names its host and its versions", () => {
  assertEquals(readClientHello(OPENSSL), HELLO);
});

Deno.test("a hello is found in chunks, and not looked for behind the first record", () => {
  const reader = new HelloReader();
  for (const byte of OPENSSL) {
    assertEquals(reader.hello, undefined);
    reader.read(new Uint8Array([byte]));
  }
  assertEquals(reader.hello, HELLO);
  const other = new HelloReader();
  other.read(new Uint8Array(2 ** 15));
  other.read(OPENSSL);
  assertEquals(other.hello, undefined);
});

Deno.test("what is no hello, or only a part of one, is none", () => {
  for (let length = 0; length < OPENSSL.length; length++) {
    assertEquals(readClientHello(OPENSSL.subarray(0, length)), undefined);
  }
  assertEquals(readClientHello(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")), undefined);
  const random = seeded(1);
  for (let round = 0; round < 20_000; round++) {
    const bytes = OPENSSL.slice();
    for (let change = 0; change < 3; change++) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    readClientHello(bytes); // throws nothing
  }
});
