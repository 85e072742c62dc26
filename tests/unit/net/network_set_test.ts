import { assert, assertEquals } from "@std/assert";
import { BlockList } from "node:net";
import { seeded } from "../../../lib/core/random.ts";
import { NetworkSet, parseNetwork } from "../../../lib/net/network_set.ts";

const setOf = (...texts: string[]) => new NetworkSet(texts.map((text) => parseNetwork(text)!));

Deno.test("networks: the first and the last address are in, their neighbours are not", () => {
  const v4 = setOf("10.1.2.3/8", "192.0.2.7", "192.0.2.8/32");
  for (const inside of ["10.0.0.0", "10.255.255.255", "192.0.2.7", "192.0.2.8"]) {
    assert(v4.has(inside), inside);
  }
  for (const outside of ["9.255.255.255", "11.0.0.0", "192.0.2.6", "192.0.2.9", "::1", "nobody"]) {
    assert(!v4.has(outside), outside);
  }
  const v6 = setOf("2001:db8::ff/33", "::1");
  for (const inside of ["2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", "::1"]) {
    assert(v6.has(inside), inside);
  }
  for (const outside of ["2001:db8:8000::", "2001:db7:ffff::", "::", "::2", "10.0.0.1"]) {
    assert(!v6.has(outside), outside);
  }
  assert(setOf("0.0.0.0/0").has("255.255.255.255") && setOf("::/0").has("ffff::"));
  assert(setOf("::ffff:10.0.0.0/104").has("10.9.9.9"));
  assert(!setOf().has("10.0.0.1"));
});

Deno.test("networks: what is none", () => {
  for (
    const text of [
      "",
      "10.0.0",
      "10.0.0.0.0",
      "10.0.0.256",
      "10.0.0.01",
      "10.0.0.0/33",
      "10.0.0.0/",
    ]
      .concat(["10.0.0.0/-1", "10.0.0.0/8/8", "1.2.3.4 ", "::/129", "fe80::1%eth0", "1::2::3", "x"])
      .concat(["::ffff:10.0.0.0/95", "10..0.0", ".0.0.0", "10.0.0."])
  ) {
    assertEquals(parseNetwork(text), undefined, text);
  }
});

Deno.test("networks: nested, repeated and in any order, they hold what Node's list holds", () => {
  const random = seeded(1);
  const below = (limit: number) => Math.floor(random() * limit);
  const v4 = () => `10.${below(3)}.${below(4)}.${below(256)}`;
  const v6 = () => `2001:db8:${below(3)}::${below(4)}:${below(65536).toString(16)}`;
  for (let round = 0; round < 50; round++) {
    const list = new BlockList();
    const texts = Array.from({ length: 40 }, () => {
      const [address, family, prefix] = below(2) === 0
        ? [v4(), "ipv4", 14 + below(19)] as const
        : [v6(), "ipv6", 40 + below(89)] as const;
      list.addSubnet(address, prefix, family);
      return `${address}/${prefix}`;
    });
    const set = setOf(...texts);
    for (let count = 0; count < 100; count++) {
      const [one, other] = [v4(), v6()];
      assertEquals(set.has(one), list.check(one, "ipv4"), `${one} in ${texts}`);
      assertEquals(set.has(other), list.check(other, "ipv6"), `${other} in ${texts}`);
    }
  }
});
