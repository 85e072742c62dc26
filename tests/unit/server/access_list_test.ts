import { assertEquals, assertThrows } from "@std/assert";
import { AccessList } from "../../../lib/server/access_list.ts";
import { UsageError } from "../../../lib/core/errors.ts";

Deno.test("networks of both families, their edges, and addresses with a zone", () => {
  const access = new AccessList({
    allow: ["192.0.2.64/26", "2001:db8::/33", "fe80::/10"],
    deny: [],
  });
  const inside = ["192.0.2.64", "192.0.2.127", "2001:db8::", "2001:db8:7fff::1", "fe80::1%eth0"];
  const outside = ["192.0.2.63", "192.0.2.128", "2001:db8:8000::", "fec0::1", "::ffff:192.0.2.63"];
  assertEquals(inside.map((each) => access.denies(each)), inside.map(() => undefined));
  assertEquals(outside.filter((each) => access.denies(each) === undefined), []);
});

Deno.test("an IPv4-mapped network or address is an IPv4 one", () => {
  const access = new AccessList({ allow: [], deny: ["::ffff:10.0.0.0/104", "::ffff:192.0.2.1"] });
  for (const denied of ["10.255.0.1", "::ffff:10.255.0.1", "192.0.2.1"]) {
    assertEquals(access.denies(denied), "--deny holds it");
  }
  assertEquals(access.denies("192.0.2.2"), undefined);
});

for (
  const network of [
    "10.0.0.0/33",
    "10.0.0/8",
    "::1/129",
    "host",
    "10.0.0.1/",
    "10.0.0.1/-1",
    "::ffff:1.2.3.4/95",
  ]
) {
  Deno.test(`${network} is no network`, () => {
    assertThrows(
      () => new AccessList({ allow: [network], deny: [] }),
      UsageError,
      "Option --allow: a network",
    );
  });
}
