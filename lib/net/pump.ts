/** Moving bytes from one connection to another, or back to where they came from. */
import type { ChunkReader, ChunkWriter } from "./duplex.ts";

/**
 * Writes every chunk that is read, until the end of input; then half-closes the output. It reads
 * the next chunk when the last one is written: that is all the flow control there is. A first read
 * may be under way already.
 *
 * @throws whatever reading or writing fails with; both sides stay open
 */
export async function pump(
  from: ChunkReader,
  to: ChunkWriter,
  first: Promise<Uint8Array | null> = from.read(),
): Promise<void> {
  for (let chunk = await first; chunk; chunk = await from.read()) await to.write(chunk);
  await to.closeWrite();
}

/** Reads to the end of input and drops what is read. */
export async function discardInput(from: ChunkReader): Promise<void> {
  while (await from.read());
}
