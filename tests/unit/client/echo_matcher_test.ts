import { assertEquals } from "@std/assert";
import { EchoMatcher } from "../../../lib/client/echo_matcher.ts";

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("an echo in pieces is one answer, timed to its last byte", () => {
  const exchange = new EchoMatcher();
  exchange.sent(encode("hello\n"), 0);
  assertEquals(exchange.received(encode("hel"), 1), []);
  assertEquals(exchange.partial, true);
  assertEquals(exchange.received(encode("lo\n"), 2), ["read 6 bytes in 2 ms, echo: hello"]);
  assertEquals(exchange.partial, false);
});

Deno.test("echoes of several messages in one chunk are told apart", () => {
  const exchange = new EchoMatcher();
  exchange.sent(encode("one\r\n"), 0);
  exchange.sent(encode("\n"), 1);
  exchange.sent(encode("two\n"), 2);
  assertEquals(exchange.received(encode("one\r\n\ntwo\nmore"), 3), [
    "read 5 bytes in 3 ms, echo: one",
    "read 1 byte in 2 ms, echo: ",
    "read 4 bytes in 1 ms, echo: two",
    "read 4 bytes: more",
  ]);
});

Deno.test("an answer that is no echo is shown whole, and the next echo is in step", () => {
  const exchange = new EchoMatcher();
  exchange.sent(encode("HELO x\n"), 0);
  assertEquals(exchange.received(encode("HE"), 1), []);
  assertEquals(exchange.received(encode("Y\n"), 1), ["read 4 bytes in 1 ms: HEY"]);
  exchange.sent(encode("hi\n"), 2);
  assertEquals(exchange.received(encode("hi\n"), 3), ["read 3 bytes in 1 ms, echo: hi"]);
});

Deno.test("several lines come below their heading, and nothing reaches the terminal raw", () => {
  assertEquals(new EchoMatcher().received(encode("a\x1b[2J\nb\n"), 0), [
    "read 8 bytes:\na\\x1b[2J\nb",
  ]);
});

Deno.test("an echo that stopped short is told once, and completes all the same", () => {
  const exchange = new EchoMatcher();
  exchange.sent(encode("hello\n"), 0);
  assertEquals(exchange.unfinished(1), []);
  exchange.received(encode("he"), 1);
  assertEquals(exchange.unfinished(1000), ["read 2 of 6 bytes in 1 s, echo so far: he"]);
  assertEquals(exchange.unfinished(2000), []);
  assertEquals(exchange.received(encode("llo\n"), 3000), ["read 6 bytes in 3 s, echo: hello"]);
});

Deno.test("a long echo is previewed", () => {
  const exchange = new EchoMatcher();
  const message = encode("x".repeat(5000));
  exchange.sent(message, 0);
  const [line] = exchange.received(message, 1);
  assertEquals(line, `read 5,000 bytes in 1 ms, echo: ${"x".repeat(1024)}… (3976 more)`);
});
