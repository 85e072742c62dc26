import { assertEquals, assertThrows } from "@std/assert";
import { bytePattern, byteText, withPatterns } from "../../../lib/core/byte_pattern.ts";
import { UsageError } from "../../../lib/core/errors.ts";

const literal = (text: string) => new TextEncoder().encode(text);
const find = (pattern: string, text: string) =>
  bytePattern(pattern, { literal }).find(byteText(literal(text)));

await withPatterns(() => bytePattern("/x/", { literal })); // loads their engine

Deno.test("patterns: a match has its place, in bytes", () => {
  assertEquals(find("ö", "höre"), { start: 1, end: 3 });
  assertEquals(find("/ö+/", "hööre"), { start: 1, end: 3 }); // a letter is two bytes
  assertEquals(find("/(?:ö)+/", "hööre"), { start: 1, end: 5 });
  assertEquals(find("/\\xc3./", "hö"), { start: 1, end: 3 });
  assertEquals(find("/^b/m", "a\nb"), { start: 2, end: 3 });
  assertEquals(find("/^b/", "a\nb"), undefined);
  assertEquals(find("/a.b/s", "a\nb"), { start: 0, end: 3 });
  assertEquals(find("/GET/i", "get"), { start: 0, end: 3 });
  assertEquals(find("/a+?/", "aaa"), { start: 0, end: 1 });
  assertEquals(find("/\\u0041\\/[^]/", "A/\n"), { start: 0, end: 3 });
  assertEquals(find("a.b", "a-b a.b"), { start: 4, end: 7 });
});

Deno.test("patterns: whatever the peer sends, the time is bounded", () => {
  assertEquals(find("/GET .* HTTP/", "GET ".repeat(1 << 20)), undefined);
  assertEquals(find("/(a+)+$/", `${"a".repeat(1 << 16)}b`), undefined);
  assertEquals(find("/(x+x+)+y/", "x".repeat(1 << 16)), undefined);
});

Deno.test("patterns: what RE2 has not is refused in a word", () => {
  for (const pattern of ["/(?=a)b/", "/(?<!a)b/", "/(a)\\1/", "/(/", "/a{5000}/"]) {
    assertThrows(
      () => bytePattern(pattern, { literal }),
      UsageError,
      "no regular expression of RE2",
    );
  }
});
