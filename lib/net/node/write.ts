/** Writing to a stream of Node's, as promises that always settle. */
import type { Duplex as NodeDuplex } from "node:stream";

/** Resolves with the number of bytes when the stream has taken them. */
export function writeTo(stream: NodeDuplex, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => error ? reject(error) : resolve(bytes.length));
  });
}

/** Half-closes. A stream that is destroyed would never call back. */
export function endWriting(stream: NodeDuplex): Promise<void> {
  if (stream.destroyed) return Promise.reject(new Deno.errors.Interrupted("closed"));
  return new Promise((resolve, reject) => {
    stream.once("error", reject);
    stream.end((error?: Error | null) => error ? reject(error) : resolve());
  });
}
