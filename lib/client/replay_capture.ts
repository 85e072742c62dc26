/** What a capture has to replay. */
import { concat } from "@std/bytes/concat";
import { readRecordings, type Recording, type Recordings, saidBy } from "../capture/recording.ts";
import { Breaks, systemClock } from "../core/clock.ts";
import { NetworkError, UsageError } from "../core/errors.ts";
import { type Writer, writeText } from "../core/io.ts";
import { formatQuantity } from "../core/units.ts";

const PACKED_BYTES = 65_536; // at once
const NOT_WHOLE = "the file is not whole as gzip";
const UNPACKED_BYTES = 1024; // at once: before a fault, as many at most are lost

/** A capture that was read. */
export interface ReplayCapture extends Recordings {
  readonly path: string;
}

/**
 * Reads a capture, packed by gzip or not.
 *
 * @throws {UsageError} where the bytes are no capture
 */
export async function readReplay(
  { path, bytes }: { readonly path: string; readonly bytes: Uint8Array<ArrayBuffer> },
): Promise<ReplayCapture> {
  const cut: string[] = [];
  const unpacked = await unpack(bytes, (what) => cut.push(what));
  if (unpacked.length === 0 && cut.length > 0) throw new UsageError(`Cannot read ${path}: ${cut}`);
  const { recordings, troubles } = await readRecordings({ path, bytes: unpacked });
  return { path, recordings, troubles: [...cut, ...troubles] };
}

// Gzip is told by its first bytes (RFC 1952).
async function unpack(
  bytes: Uint8Array<ArrayBuffer>,
  onTrouble: (what: string) => void,
): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const [{ pipeline }, { createGunzip }] = await Promise.all([
    import("node:stream/promises"),
    import("node:zlib"),
  ]);
  const parts: Uint8Array[] = [];
  const gunzip = createGunzip({ chunkSize: UNPACKED_BYTES });
  gunzip.on("data", (part: Uint8Array) => parts.push(part));
  try {
    await pipeline(inTurns(bytes), gunzip);
    // Zeros at the end are padding; with anything behind them, it stops at the first all the same.
    if (bytes.subarray(gunzip.bytesWritten).some((byte) => byte !== 0)) onTrouble(NOT_WHOLE);
  } catch {
    onTrouble(NOT_WHOLE);
  }
  return concat(parts);
}

// Others have their turn between the pieces.
async function* inTurns(bytes: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array> {
  const breaks = new Breaks(systemClock);
  for (let at = 0; at < bytes.length; at += PACKED_BYTES) {
    if (breaks.isDue) await breaks.take();
    yield bytes.subarray(at, at + PACKED_BYTES);
  }
}

/** What is said of a capture of which something could not be read. */
export function thereMayBeMore({ path, troubles }: ReplayCapture): string {
  return `there may be more in ${path}: ${troubles.join("; ")}`;
}

/** Prints the connections, a line each; returns the exit code. */
export async function list(capture: ReplayCapture, output: Writer): Promise<number> {
  const numbers = { tcp: 0, udp: 0 };
  const lines = capture.recordings.map((recording) => {
    const { protocol, client, server, gaps, midway } = recording;
    const bytes = (by: "client" | "server") =>
      formatQuantity(saidBy(by, recording).reduce((sum, { length }) => sum + length, 0), "byte");
    const notes = [midway && ", begins midway", gaps && ", incomplete"].filter(Boolean).join("");
    return `${protocol} ${numbers[protocol]++}  ${client} to ${server}: ` +
      `${bytes("client")} sent, ${bytes("server")} received${notes}\n`;
  });
  await writeText(output, lines.join(""));
  if (capture.troubles.length > 0) throw new NetworkError(thereMayBeMore(capture));
  if (lines.length === 0) throw new NetworkError(`${capture.path} has no TCP or UDP stream`);
  return 0;
}

/** A recording that can be played. */
export interface Choice {
  readonly recording: Recording;
  /** Its number among those of its protocol. */
  readonly number: number;
  /** All that its server said. */
  readonly said: Uint8Array;
}

/**
 * The recording of a number, or else the first whose client says something.
 *
 * @throws {UsageError} where there is none, or some of it is not in the capture
 */
export function choose(
  capture: ReplayCapture,
  { protocol, stream }: {
    readonly protocol: Recording["protocol"];
    readonly stream: number | undefined;
  },
): Choice {
  const recordings = capture.recordings.filter((one) => one.protocol === protocol);
  const refuse = (what: string) => {
    const more = capture.troubles.length > 0 ? `; ${thereMayBeMore(capture)}` : "";
    return new UsageError(`Option --replay: ${capture.path} ${what}${more}`);
  };
  const number = stream ?? recordings.findIndex(speaks);
  const recording = recordings[number];
  if (!recording) {
    const wanted = stream === undefined ? "whose client says something" : `of number ${stream}`;
    const there = formatQuantity(recordings.length, `${protocol.toUpperCase()} stream`);
    throw refuse(`has no stream ${wanted}; it has ${there}`);
  }
  if (!recording.gaps) return { recording, number, said: concat(saidBy("server", recording)) };
  const { client, server } = recording;
  throw refuse(`lacks some of what ${client} and ${server} said; capture whole packets`);
}

function speaks(recording: Recording): boolean {
  return recording.gaps || saidBy("client", recording).length > 0;
}
