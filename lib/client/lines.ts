/** Streams of bytes, a line at a time. */
import { type Clock, delay as pause } from "../core/clock.ts";
import type { ChunkReader, ChunkWriter } from "../net/duplex.ts";

const LF = 0x0a;
const MAX_LINE_BYTES = 64 * 1024; // bytes; what is longer goes in pieces

/**
 * The lines of a stream, each with its line end; the last one as it stands.
 *
 * @example
 * ```ts
 * import { linesOf } from "./lines.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const chunks = ["a\nb", "c\n\nd"].map((text) => new TextEncoder().encode(text));
 * const from = { read: () => Promise.resolve(chunks.shift() ?? null) };
 * const lines = (await Array.fromAsync(linesOf(from))).map((line) => new
 * TextDecoder().decode(line)); assertEquals(lines, ["a\n", "bc\n", "\n", "d"]);
 * ```
 */
export async function* linesOf(
  from: ChunkReader,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const held = new Uint8Array(MAX_LINE_BYTES);
  let length = 0;
  for (let chunk = await from.read(); chunk; chunk = await from.read()) {
    for (let rest = chunk; rest.length > 0;) {
      const room = MAX_LINE_BYTES - length;
      const end = rest.indexOf(LF) + 1 || rest.length;
      const part = rest.subarray(0, Math.min(end, room));
      held.set(part, length);
      length += part.length;
      rest = rest.subarray(part.length);
      if (length < MAX_LINE_BYTES && held[length - 1] !== LF) continue;
      yield held.slice(0, length);
      length = 0;
    }
  }
  if (length > 0) yield held.slice(0, length);
}

/** Sends a stream line by line, `delay` milliseconds apart, then closes the other side. */
export async function sendLines(
  from: ChunkReader,
  to: ChunkWriter,
  { delay, clock }: { delay: number; clock: Clock },
): Promise<void> {
  let first = true;
  for await (const line of linesOf(from)) {
    if (!first) await pause(delay, { clock });
    first = false;
    await to.write(line);
  }
  await to.closeWrite();
}
