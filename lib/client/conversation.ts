/** What the modes that talk to a peer share: writing stdout, time-outs, closing. */
import { type Screen, writeText } from "../core/io.ts";
import { type Clock, settlesWithin, whileProgressing } from "../core/clock.ts";
import { NetworkError } from "../core/errors.ts";
import { showAddress } from "../net/address.ts";
import { describeStrays, withStrays } from "../net/strays.ts";
import type { Log } from "../log/log.ts";
import type { ChunkWriter, Duplex } from "../net/duplex.ts";
import { chunksTo } from "../net/streams.ts";
import { TerminalText } from "../terminal/sanitize.ts";
import { formatDuration, formatQuantity } from "../core/units.ts";

const DATAGRAM_LINGER_MS = 1000; // milliseconds
const FLUSH_TIMEOUT_MS = 5000; // for stdout to take the last chunk

/** Writes what the peer sends: to a program as it is, to a terminal sanitised. */
export function payloadTo(output: Screen): ChunkWriter {
  if (!output.isTerminal()) return chunksTo(output);
  const text = new TerminalText();
  return {
    write: (chunk) => writeText(output, text.push(chunk)),
    closeWrite: () => writeText(output, text.end()),
  };
}

/** What the peer sends on its way to stdout. */
export class PayloadOutput implements ChunkWriter {
  readonly #writer: ChunkWriter;
  #busy = false;

  constructor(output: Screen) {
    this.#writer = payloadTo(output);
  }

  /** Whether a chunk is being written: then the reader of stdout is slow, not the peer. */
  get busy(): boolean {
    return this.#busy;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#busy = true;
    await this.#writer.write(chunk);
    this.#busy = false;
  }

  async closeWrite(): Promise<void> {
    await this.#writer.closeWrite().catch(() => {}); // nobody reads stdout any more
  }
}

/**
 * Writes to the peer as long as bytes pass in either direction, or stdout is what is slow.
 *
 * @throws {NetworkError} if nothing passes for `timeout` milliseconds
 */
export async function writeToPeer(
  peer: Duplex,
  { bytes, shown, clock, timeout }: {
    readonly bytes: Uint8Array;
    readonly shown: PayloadOutput;
    readonly clock: Clock;
    readonly timeout: number;
  },
): Promise<void> {
  const before = peer.traffic.sent;
  const writing = peer.write(bytes);
  const progress = () => shown.busy ? NaN : peer.traffic.sent + peer.traffic.received;
  if (await whileProgressing(writing, { clock, milliseconds: timeout, progress })) return;
  const taken = formatQuantity(peer.traffic.sent - before, "byte");
  throw new NetworkError(`The peer takes no more after ${taken}, for ${formatDuration(timeout)}`);
}

/**
 * How long to wait for the peer after the end of input, in milliseconds. UDP has no end of input.
 */
export function lingerFor(peer: Duplex, linger: number | undefined): number | undefined {
  return linger ?? (peer.framed ? DATAGRAM_LINGER_MS : undefined);
}

/** Tells the peer that the input has ended, unless a FIN would have it go. */
export async function endInput(
  peer: Duplex,
  { noHalfClose }: { readonly noHalfClose: boolean },
): Promise<void> {
  if (!noHalfClose) await peer.closeWrite();
}

/**
 * What to say of a peer that answered nothing, and of others that did; undefined where neither is
 * so. Over UDP, a mistyped port looks like this; some peers take a FIN for the end of the connection.
 */
export function silenceOf(
  { traffic, remote, strays }: Duplex,
  { halfClosed, closed }: {
    /** Whether the end of input was told before the end of the peer. */
    readonly halfClosed: boolean;
    /** Whether the peer has ended. */
    readonly closed: boolean;
  },
): string | undefined {
  if (traffic.chunks > 0 || traffic.sent === 0) return describeStrays(strays);
  const peer = showAddress(remote);
  if (!closed) return withStrays(`no answer from ${peer}`, strays);
  if (halfClosed) {
    return `${peer} closed the connection without an answer; if it takes our FIN for gone, use ` +
      "--no-half-close";
  }
  return `${peer} closed the connection without an answer`;
}

/** Closes the peer and writes out what it sent last; `over` settles when nothing more is read. */
export async function closeConversation(
  peer: Duplex,
  { over, shown, log, clock }: {
    readonly over: Promise<unknown>;
    readonly shown: PayloadOutput;
    readonly log: Log;
    readonly clock: Clock;
  },
): Promise<void> {
  peer.close();
  await settlesWithin(over, { clock, milliseconds: FLUSH_TIMEOUT_MS }); // the last chunk
  if (!shown.busy) await shown.closeWrite();
  await log.flush(FLUSH_TIMEOUT_MS);
}
