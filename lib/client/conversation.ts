/** What modes that talk to a peer have in common: stdout for what comes, patience, the last word. */
import { atMost, type Clock, whileMoving } from "../core/clock.ts";
import { NetworkError } from "../core/errors.ts";
import type { Log } from "../log/log.ts";
import type { Channel } from "../net/channel.ts";
import type { Duplex } from "../net/duplex.ts";
import { byteWritable } from "../net/streams.ts";
import type { Screen } from "../terminal/output.ts";
import { TerminalText } from "../terminal/sanitize.ts";
import { formatDuration, formatMany } from "../core/units.ts";

const SILENCE = 1000; // milliseconds
const FLUSH_PATIENCE = 5000; // milliseconds for what came last to be read, when all is over

/** Takes what comes to stdout: exact for a program, safe for a terminal. */
export function showing(output: Screen): WritableStream<Uint8Array> {
  if (!output.isTerminal()) return byteWritable(output);
  const text = new TerminalText();
  const writer = byteWritable(output).getWriter();
  const encoder = new TextEncoder();
  return new WritableStream({
    write: (chunk) => writer.write(encoder.encode(text.push(chunk))),
    close: () => writer.write(encoder.encode(text.end())),
  });
}

/** Stdout, and whether somebody is still to take what came last. */
export interface Shown {
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<void>;
  readonly busy: boolean;
}

/** {@linkcode showing}, a chunk at a time. */
export function shownOn(output: Screen): Shown {
  const writer = showing(output).getWriter();
  let busy = false;
  return {
    async write(chunk) {
      busy = true;
      await writer.write(chunk);
      busy = false;
    },
    close: () => writer.close().catch(() => {}), // half a character, perhaps
    get busy() {
      return busy;
    },
  };
}

/**
 * Writes to the peer, as long as it takes something or says something, or stdout is what holds all up.
 *
 * @throws {NetworkError} where nothing moves for `timeout` milliseconds
 */
export async function sayTo(
  peer: Duplex,
  { channel, bytes, shown, clock, timeout }: {
    readonly channel: Pick<Channel, "write">;
    readonly bytes: Uint8Array;
    readonly shown: Shown;
    readonly clock: Clock;
    readonly timeout: number;
  },
): Promise<void> {
  const before = peer.traffic.sent;
  const writing = channel.write(bytes);
  const progress = () => shown.busy ? NaN : peer.traffic.sent + peer.traffic.received;
  if (await whileMoving(writing, { clock, patience: timeout, progress })) return;
  const taken = formatMany(peer.traffic.sent - before, "byte");
  throw new NetworkError(`The peer takes no more after ${taken}, for ${formatDuration(timeout)}`);
}

/** How long to wait for the peer after the end of input, in milliseconds: UDP has no end to see. */
export function lingerFor(peer: Duplex, linger: number | undefined): number | undefined {
  return linger ?? (peer.framed ? SILENCE : undefined);
}

/** Closes the peer, and has what it said last shown; `over` is when nothing more comes of it. */
export async function part(
  peer: Duplex,
  { over, shown, log, clock }: {
    readonly over: Promise<unknown>;
    readonly shown: Shown;
    readonly log: Log;
    readonly clock: Clock;
  },
): Promise<void> {
  peer.close();
  await atMost(over, { clock, milliseconds: FLUSH_PATIENCE }); // the chunk in hand
  if (!shown.busy) await shown.close();
  await log.flush(FLUSH_PATIENCE);
}
