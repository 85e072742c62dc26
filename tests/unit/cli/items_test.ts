import { assertEquals, assertThrows } from "@std/assert";
import { readPairs, splitItems } from "../../../lib/cli/items.ts";
import { choice, list } from "../../../lib/cli/options.ts";
import { UsageError } from "../../../lib/core/errors.ts";

const PREFIX = /^unix:(\/\/)?/;

for (
  const [text, head, pairs] of [
    ["127.0.0.1:80", "127.0.0.1:80", []],
    ["127.0.0.1:80=echo", "127.0.0.1:80=echo", []],
    ["[fe80::1%eth0]:80=reply,reply=a", "[fe80::1%eth0]:80=reply", [["reply", "a"]]],
    [":1=forward,to=[::1]:2,to=c:3", ":1=forward", [["to", "[::1]:2"], ["to", "c:3"]]],
    // Only a comma before KEY= splits.
    [":1,reply=a,b=,c", ":1", [["reply", "a"], ["b", ",c"]]],
    [":1,reply=a, b=c", ":1", [["reply", "a, b=c"]]],
    [":1,reply=a,B=c", ":1", [["reply", "a,B=c"]]],
    [":1,reply=a,1=c", ":1", [["reply", "a,1=c"]]],
    [":1,reply=a==b", ":1", [["reply", "a==b"]]],
    [":1,reply=", ":1", [["reply", ""]]],
    [":1,max-connections=3,name=x_1", ":1", [["max-connections", "3"], ["name", "x_1"]]],
    // Quotes keep everything together; other backslashes stay for who reads the value.
    [':1,reply="a,b=c",name=d', ":1", [["reply", "a,b=c"], ["name", "d"]]],
    [String.raw`:1,reply="a\"b\\c\n"`, ":1", [["reply", String.raw`a"b\c\n`]]],
    [':1,reply=a"b,name=c"', ":1", [["reply", 'a"b'], ["name", 'c"']]],
    [':1,reply=""', ":1", [["reply", ""]]],
    // Unix paths with commas and equal signs.
    ["unix:/tmp/a,b", "unix:/tmp/a,b", []],
    ["unix:/tmp/a=b/c,d", "unix:/tmp/a=b/c,d", []],
    ['unix:"/tmp/a,b=c"', 'unix:"/tmp/a,b=c"', []],
    ['unix:"/tmp/a,b=c"=echo,name=x', 'unix:"/tmp/a,b=c"=echo', [["name", "x"]]],
    ['unix:"/tmp/a\\"b",name=x', 'unix:"/tmp/a\\"b"', [["name", "x"]]],
  ] as const
) {
  Deno.test(`items of ${text}`, () => {
    assertEquals(splitItems(text, PREFIX), {
      head,
      pairs: pairs.map(([key, value]) => [key, value] as const),
    });
  });
}

for (
  const [text, message] of [
    ['unix:"/tmp/a,b=c', "has no end"],
    [':1,reply="a', "has no end"],
    [':1,reply="a\\"', "has no end"],
    [':1,reply="a"b', "after the quotes of reply"],
    [':1,reply="a",', "after the quotes of reply"],
  ] as const
) {
  Deno.test(`items of ${text} are a usage error`, () => {
    assertThrows(() => splitItems(text, PREFIX), UsageError, message);
  });
}

Deno.test("pairs are read by a table: lists add up, others stand once", () => {
  const table = {
    to: list({ summary: "", placeholder: "ADDRESS" }),
    how: choice(["out", "in"], { summary: "" }),
  };
  const read = (...pairs: [string, string][]) => readPairs(pairs, { owner: "it", table });
  assertEquals(
    read(["to", "a"], ["how", "in"], ["to", "b"]),
    new Map<string, unknown>([
      ["to", ["a", "b"]],
      ["how", "in"],
    ]),
  );
  assertThrows(() => read(["how", "in"], ["how", "in"]), UsageError, "it has how twice");
  assertThrows(() => read(["constructor", "x"]), UsageError, 'it has no parameter "constructor"');
  assertThrows(() => read(["how", "up"]), UsageError, "it, how: one of out, in is needed");
});
