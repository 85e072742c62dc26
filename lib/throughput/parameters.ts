/** What a client asks of a server: the parameters of a test. */
import type { JsonObject } from "../core/json.ts";
import { maxDatagramBytes } from "../net/datagram_size.ts";
import { RefusedTest, SERVER_ERROR } from "./protocol.ts";

const MAX_SECONDS = 86_400;
const MAX_OMIT_SECONDS = 600;
/** The most streams in a direction. */
export const MAX_STREAMS = 128;
/** The largest block over a stream, in bytes. */
export const MAX_BLOCK_BYTES = 1 << 20;
/** The least of a datagram: a header with a number of 64 bits. */
export const MIN_DATAGRAM_BYTES = 16;

/** The usual size of a block over a stream, in bytes. */
export const STREAM_BLOCK_BYTES = 128 * 1024;

/** The usual size of a datagram, in bytes: what fits into an Ethernet frame, without options. */
export const DATAGRAM_BYTES = 1460;

/** Which side sends: the client ("up"), the server ("down"), or both. */
export type Directions = "up" | "down" | "both";

/** A test. Times in milliseconds. */
export interface TestParameters {
  readonly protocol: "tcp" | "udp";
  readonly directions: Directions;
  /** Streams in each direction. */
  readonly streams: number;
  /** How long it lasts, or no limit (0). */
  readonly duration: number;
  /** How long it runs before that, without counting. */
  readonly omit: number;
  /** Bytes after which it ends, all streams together. */
  readonly bytes?: number | undefined;
  /** Bytes of a block, or of a datagram. */
  readonly blockBytes: number;
  /** What each stream sends at most. */
  readonly bitsPerSecond?: number | undefined;
  /** Whether datagrams have numbers of 64 bits. */
  readonly wideNumbers: boolean;
  /** Whether the client's datagrams that open streams tell the cookie: those of netecho do. */
  readonly tellsCookie: boolean;
  /** Whether the receiving side checks that every block is as the first one. */
  readonly check: boolean;
  /** What the client asks for besides, by iperf3's names, and is not done. */
  readonly ignored: readonly string[];
}

// What has to do with sockets that the runtime has no call for.
const IGNORED = ["MSS", "window", "TOS", "flowlabel", "congestion", "fqrate", "dont_fragment"];

// What the client's netecho asks of a netecho; others leave it alone.
const CHECK = "netecho_check";
const TELLS_COOKIE = "netecho_cookies";

/** The parameters as a client sends them. */
export function writeParameters(parameters: TestParameters): JsonObject {
  const { protocol, directions, bytes = 0, bitsPerSecond, wideNumbers, check } = parameters;
  return {
    [protocol]: true,
    omit: parameters.omit / 1000,
    time: bytes > 0 ? 0 : Math.ceil(parameters.duration / 1000),
    num: bytes,
    blockcount: 0,
    parallel: parameters.streams,
    ...(directions === "down" && { reverse: true }),
    ...(directions === "both" && { bidirectional: true }),
    len: parameters.blockBytes,
    ...(bitsPerSecond !== undefined && { bandwidth: Math.round(bitsPerSecond) }),
    pacing_timer: 1000,
    ...(wideNumbers && { udp_counters_64bit: 1 }),
    ...(check && { [CHECK]: true }),
    ...(parameters.tellsCookie && { [TELLS_COOKIE]: true }),
    client_version: "3.12",
  };
}

/**
 * Reads what a client has sent.
 *
 * @throws {RefusedTest} for what iperf3 does not allow, or netecho does not have
 */
export function readParameters(json: JsonObject): TestParameters {
  if (json["sctp"] === true) throw new RefusedTest(SERVER_ERROR.sctp);
  if (json["authtoken"] !== undefined) throw new RefusedTest(SERVER_ERROR.authorization);
  const protocol = json["udp"] === true ? "udp" : "tcp";
  const number = (name: string, { most, error }: { most: number; error: number }) => {
    const value = json[name] ?? 0;
    // All are whole numbers there.
    if (typeof value === "number" && value >= 0 && value <= most) return Math.floor(value);
    throw new RefusedTest(error);
  };
  const most = Number.MAX_SAFE_INTEGER;
  const { parameters: error } = SERVER_ERROR;
  const streams = number("parallel", { most: MAX_STREAMS, error: SERVER_ERROR.streams });
  const omit = number("omit", { most: MAX_OMIT_SECONDS, error: SERVER_ERROR.omit });
  const time = number("time", { most: MAX_SECONDS, error: SERVER_ERROR.duration });
  const bytes = number("num", { most, error });
  const bitsPerSecond = number("bandwidth", { most, error });
  return {
    protocol,
    directions: json["bidirectional"] === true ? "both" : json["reverse"] === true ? "down" : "up",
    streams: Math.max(1, streams),
    duration: time * 1000,
    omit: omit * 1000,
    ...(bytes > 0 && { bytes }),
    blockBytes: blockBytes(
      protocol,
      number("len", {
        most: MAX_BLOCK_BYTES,
        error: SERVER_ERROR.blockSize,
      }),
    ),
    ...(bitsPerSecond > 0 && { bitsPerSecond }),
    wideNumbers: Boolean(json["udp_counters_64bit"]),
    check: json[CHECK] === true,
    tellsCookie: json[TELLS_COOKIE] === true,
    ignored: IGNORED.filter((name) => Boolean(json[name])),
  };
}

function blockBytes(protocol: TestParameters["protocol"], given: number): number {
  if (protocol === "tcp") return given || STREAM_BLOCK_BYTES;
  const bytes = given || DATAGRAM_BYTES;
  if (isDatagramSize(bytes)) return bytes;
  throw new RefusedTest(SERVER_ERROR.datagramSize);
}

/** Whether datagrams of so many bytes can be numbered and sent. */
export function isDatagramSize(bytes: number): boolean {
  return bytes >= MIN_DATAGRAM_BYTES && bytes <= maxDatagramBytes("");
}

/** Which side of a test one is. */
export type Side = "client" | "server";

/** Which streams this side sends, in the order of their numbers. */
export function sendingStreams({ directions, streams }: TestParameters, side: Side): boolean[] {
  const up = side === "client"; // the first half of a test in both directions
  const first = directions === "down" ? !up : up;
  const one = Array.from({ length: streams }, () => first);
  return directions === "both" ? [...one, ...one.map((sends) => !sends)] : one;
}
