import { assertEquals, assertRejects } from "@std/assert";
import { queuedFile } from "../../../lib/capture/capture_file.ts";
import { ReaderStream } from "../../../lib/control/reader_stream.ts";
import { MemoryBudget } from "../../../lib/core/memory_budget.ts";

Deno.test("reader stream: what waits for a reader that is cut off is given back at once", async () => {
  const budget = new MemoryBudget(1000);
  const stream = new ReaderStream();
  const file = queuedFile(stream, { budget });
  file.writeSync(new Uint8Array(2000)); // which its reader never asks for
  assertEquals(budget.spent, true);
  stream.cutShort("its reader is too slow");
  await file.flush!(1000).catch(() => {});
  assertEquals(budget.spent, false);
  await assertRejects(() => stream.write(new Uint8Array(1)), Error, "its reader is too slow");
});

Deno.test("reader stream: a reader that leaves is told of, and read what it asked for", async () => {
  const stream = new ReaderStream();
  const reader = stream.readable.getReader();
  const writing = stream.write(new Uint8Array([1, 2, 3]));
  assertEquals([(await reader.read()).value, await writing], [new Uint8Array([1, 2, 3]), 3]);
  const late = stream.write(new Uint8Array([4]));
  await Promise.all([
    reader.cancel(),
    assertRejects(() => late, Deno.errors.BrokenPipe),
    stream.gone,
  ]);
});
