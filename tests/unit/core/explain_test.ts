/** Errors in the words of the field, by class, code and Windows' numbers. */
import { assertEquals } from "@std/assert";
import { explain } from "../../../lib/core/explain.ts";

const coded = (code: string) => Object.assign(new Error("(os error 1)"), { code });

for (
  const [error, words] of [
    [coded("EINVAL"), "the system does not take it (invalid argument)"],
    [coded("ENOBUFS"), "the system has no room for it now (no buffer space)"],
    [coded("EBUSY"), "another program uses it"],
    [new Deno.errors.TimedOut("x"), "connection timed out"],
    [new Error("Something else (os error 77)"), "Something else"],
  ] as const
) {
  Deno.test(`${error.name} ${error.message} ${(error as { code?: string }).code}: ${words}`, () => {
    assertEquals(explain(error), words);
  });
}

Deno.test("a datagram that is too long for macOS: what to look at", () => {
  assertEquals(explain(coded("EMSGSIZE")).includes("net.inet.udp.maxdgram"), true);
});

Deno.test("Windows: its numbers are known where the runtime has no code for them, and there alone", () => {
  const error = new Error("Verbindung verweigert (os error 10061)");
  assertEquals(explain(error, "windows"), "connection refused");
  assertEquals(explain(error, "linux"), "Verbindung verweigert");
  assertEquals(
    explain(new Error("Kein Host (os error 11001)"), "windows").slice(0, 12),
    "no such host",
  );
});
