/** A peer one chunk at a time, for those who ask and wait for the answer rather than pump. */
import { beneath, type Streams } from "./streams.ts";

/** Chunks to a peer and from it. */
export interface Channel {
  /** The next chunk, whose buffer is used again for the one after; undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Writes a chunk whole. */
  write(chunk: Uint8Array): Promise<void>;
  /** Half-closes: nothing more is said, reading goes on. */
  close(): Promise<void>;
}

/**
 * The channel of two streams, which it takes over for good. Like `pump` it works on what is beneath
 * them, where something is: the queues of streams would show in what is measured.
 */
export function channelOf(streams: Streams): Channel {
  const direct = beneath(streams);
  if (!direct) {
    const [reader, writer] = [streams.readable.getReader(), streams.writable.getWriter()];
    return {
      read: async () => (await reader.read()).value,
      write: (chunk) => writer.write(chunk),
      close: () => writer.close(),
    };
  }
  const { source, sink } = direct;
  return {
    async read() {
      const length = await source.from.read(source.buffer());
      return length === null ? undefined : source.take(length);
    },
    write: (chunk) => sink.write(chunk),
    close: async () => await sink.close?.(),
  };
}
