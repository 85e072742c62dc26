import { assertEquals } from "@std/assert";
import { seeded } from "../../../lib/core/random.ts";
import { altNames, versionOf } from "../../../lib/net/transports/tls/der.ts";

const element = (tag: number, ...values: readonly number[][]): number[] => {
  const value = values.flat();
  return value.length < 0x80
    ? [tag, value.length, ...value]
    : [tag, 0x82, value.length >> 8, value.length & 0xff, ...value];
};
const SAN = element(0x06, [0x55, 0x1d, 0x11]);
const sequence = (...values: readonly number[][]) => element(0x30, ...values);
const certificate = (...names: readonly number[][]) =>
  sequence(sequence(
    element(0x02, [1]),
    element(0xa3, sequence(sequence(SAN, element(0x04, sequence(...names))))),
  ));
const dns = (text: string) => element(0x82, [...new TextEncoder().encode(text)]);

Deno.test("names of a certificate: DNS, addresses, and one with a comma in it", () => {
  const long = "a".repeat(200);
  const der = certificate(dns("x, DNS:bank.example"), element(0x87, [192, 0, 2, 7]), dns(long));
  assertEquals(altNames(new Uint8Array(der)), ["x, DNS:bank.example", "192.0.2.7", long]);
});

Deno.test("a damaged certificate has fewer names, and stops nothing", () => {
  const der = certificate(dns("one.example"), dns("two.example"));
  assertEquals(altNames(new Uint8Array(0)), []);
  assertEquals(altNames(new Uint8Array(sequence(sequence()))), []);
  const random = seeded(1);
  for (let count = 0; count < 5000; count++) {
    const damaged = new Uint8Array(der);
    for (let times = 0; times < 3; times++) {
      damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
    }
    altNames(damaged.subarray(0, 1 + Math.floor(random() * der.length)));
  }
});

Deno.test("the version of a certificate is 1 where it says none (RFC 5280 section 4.1.2.1)", () => {
  const version = (number: number) => element(0xa0, element(0x02, [number]));
  const of = (...values: number[][]) => versionOf(new Uint8Array(sequence(sequence(...values))));
  assertEquals(of(element(0x02, [7])), 1);
  assertEquals(of(version(2), element(0x02, [7])), 3);
});
