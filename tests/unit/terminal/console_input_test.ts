import { assertEquals } from "@std/assert";
import { ConsoleInput } from "../../../lib/terminal/console_input.ts";

Deno.test("console input: lines are UTF-8, read in pieces; Ctrl-Z ends them", async () => {
  const lines = ["ã啊🦄\r\n", "", "b", "\x1a\r\n", "\x1a\r\n", "late\r\n"];
  const input = new ConsoleInput(() => Promise.resolve(lines.shift()!));
  const into = new Uint8Array(5);
  const read: number[] = [];
  for (;;) {
    const length = await input.read(into);
    if (length === null) break;
    read.push(...into.subarray(0, length));
  }
  assertEquals(new TextDecoder().decode(new Uint8Array(read)), "ã啊🦄\r\nb\x1a\r\n");
  assertEquals(lines, ["late\r\n"]);
});
