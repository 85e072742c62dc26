import { assertEquals } from "@std/assert";
import { preview, printable, printableText, TerminalText } from "../../../lib/terminal/sanitize.ts";
import { randomBytes } from "../../support/bytes.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

Deno.test("text stays, controls are named or numbered", () => {
  assertEquals(printable(encode("héllo ✓ 🙂")), "héllo ✓ 🙂");
  assertEquals(printable(encode("\n\r\t\0\x1b\x7f\x9b")), "\\n\\r\\t\\x00\\x1b\\x7f\\u{9b}");
  assertEquals(printable(encode("a\u202eb\u2028")), "a\\u{202e}b\\u{2028}");
});

Deno.test("different bytes look different, and nothing is unseen", () => {
  assertEquals(printable(encode("a\nb")), "a\\nb");
  assertEquals(printable(encode("a\\nb")), "a\\\\nb");
  assertEquals(printable(encode("é\\n")), "é\\\\n");
  assertEquals(printable(encode("\xad")), "\\u{ad}");
  assertEquals(printable(new Uint8Array([0xad])), "\\xad");
  assertEquals(
    printable(encode("a\ufeffb\u200bc\u200dd\u2060e\u{e0021}")),
    "a\\u{feff}b\\u{200b}c\\u{200d}d\\u{2060}e\\u{e0021}",
  );
});

Deno.test("invalid UTF-8 is escaped byte by byte, the valid text around it stays", () => {
  const cases: [number[], string][] = [
    [[0xff], "\\xff"],
    [[0x80, 0x61], "\\x80a"],
    [[0xc3], "\\xc3"],
    [[0xc3, 0x28], "\\xc3("],
    [[0xc0, 0xaf], "\\xc0\\xaf"], // overlong
    [[0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"], // a surrogate
    [[0xf4, 0x90, 0x80, 0x80], "\\xf4\\x90\\x80\\x80"], // beyond U+10FFFF
    [[0xc3, 0xa9, 0xff, 0xe2, 0x9c, 0x93], "é\\xff✓"],
    [[0xef, 0xbb, 0xbf, 0x61], "\\u{feff}a"], // a byte order mark is payload
  ];
  for (const [bytes, text] of cases) assertEquals(printable(new Uint8Array(bytes)), text);
});

Deno.test("no bytes whatever come out unsafe", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const bytes = randomBytes(200, seed);
    assertEquals(UNSAFE.test(printable(bytes)), false);
    const terminal = new TerminalText();
    const text = terminal.push(bytes) + terminal.end();
    assertEquals(UNSAFE.test(text.replace(/[\n\t]/g, "")), false);
  }
});

Deno.test("a preview keeps characters whole and counts the rest", () => {
  assertEquals(preview(encode("hello"), 5), "hello");
  assertEquals(preview(encode("hello"), 4), "hell… (1 more)");
  assertEquals(preview(encode("héé"), 4), "hé… (2 more)");
});

Deno.test("a stream for a terminal is the same however it is cut", () => {
  const bytes = encode("one\r\ntwo\rthree\tü✓🙂\x1b[2J\n\r");
  const expected = "one\ntwo\\rthree\tü✓🙂\\x1b[2J\n\\r";
  for (let size = 1; size <= bytes.length; size++) {
    const terminal = new TerminalText();
    let text = "";
    for (let at = 0; at < bytes.length; at += size) {
      text += terminal.push(bytes.subarray(at, at + size));
    }
    assertEquals(text + terminal.end(), expected);
  }
});

Deno.test("a character that the stream cuts off at its end is escaped", () => {
  const terminal = new TerminalText();
  assertEquals(terminal.push(new Uint8Array([0x61, 0xe2, 0x9c])), "a");
  assertEquals(terminal.end(), "\\xe2\\x9c");
});

Deno.test("an argument is made safe to show", () => {
  assertEquals(printableText("a\x1b]0;x\x07b"), "a\\x1b]0;x\\x07b");
});
