/**
 * The words of iperf3's protocol, which has no other description than its source
 * (https://github.com/esnet/iperf, `iperf_api.h`).
 *
 * The client opens a control connection and sends a cookie. From then on each side sends states, of
 * one byte each, and with some of them a JSON document behind its length. Each stream of the test is a
 * connection that begins with the same cookie or, over UDP, with a datagram that is answered.
 */

/** The port of a server. */
export const DEFAULT_PORT = 5201;

/** Bytes of a cookie: 36 characters and a zero. */
export const COOKIE_BYTES = 37;

/** What one side tells the other. */
export const STATE = {
  testStart: 1,
  testRunning: 2,
  testEnd: 4,
  paramExchange: 9,
  createStreams: 10,
  serverTerminate: 11,
  clientTerminate: 12,
  exchangeResults: 13,
  displayResults: 14,
  iperfDone: 16,
  accessDenied: -1,
  serverError: -2,
} as const;

/** A state. */
export type State = (typeof STATE)[keyof typeof STATE];

/** Errors that a server reports, by their numbers. */
export const SERVER_ERROR = {
  duration: 5,
  streams: 6,
  blockSize: 7,
  omit: 12,
  sctp: 18,
  datagramSize: 20,
  parameters: 114,
  authorization: 142,
  overtime: 160,
  createStream: 200,
  streamClosed: 207,
} as const;

// What iperf3 says of the errors that its server is known to send, and of those above.
const ERROR_TEXTS: ReadonlyMap<number, string> = new Map([
  [SERVER_ERROR.duration, "the test is too long"],
  [SERVER_ERROR.streams, "too many parallel streams"],
  [SERVER_ERROR.blockSize, "the block size is too large"],
  [SERVER_ERROR.omit, "the time to omit is not valid"],
  [SERVER_ERROR.sctp, "it does not support SCTP"],
  [SERVER_ERROR.datagramSize, "the size of datagrams is not valid"],
  [27, "the bit rate is above its limit"],
  [37, "the test is longer than it allows"],
  [109, "the control connection was closed"],
  [110, "it received an unknown message"],
  [112, "it could not read from the control connection"],
  [SERVER_ERROR.parameters, "it could not read the parameters"],
  [117, "it could not read the results"],
  [119, "the client has terminated"],
  [SERVER_ERROR.authorization, "it asks for authentication, or refused it"],
  [144, "it received nothing for too long"],
  [SERVER_ERROR.overtime, "the test took longer than it allows"],
  [
    SERVER_ERROR.createStream,
    "a limit of its connections, or something between, keeps streams from it",
  ],
  [205, "it could not write to a stream"],
  [206, "it could not read from a stream"],
  [SERVER_ERROR.streamClosed, "a stream was closed before its end"],
  [202, "it could not listen for streams"],
  [204, "it could not accept a stream"],
]);

/** What an error that a server reports means. */
export function describeServerError(code: number): string {
  if (code === 0) return "it gave no reason";
  return ERROR_TEXTS.get(code) ?? `its error number ${code} (iperf_api.h)`;
}

/** A test that cannot be made as it was asked for; `code` is what iperf3 calls it. */
export class RefusedTest extends Error {
  override readonly name = "RefusedTest";
  readonly code: number;

  constructor(code: number, message = describeServerError(code)) {
    super(message);
    this.code = code;
  }
}

// Of 32 characters, so that each is of five random bits.
const COOKIE_CHARACTERS = "abcdefghijklmnopqrstuvwxyz234567";

/** A new cookie, which begins with `prefix`. */
export function newCookie(prefix = ""): Uint8Array {
  const random = crypto.getRandomValues(new Uint8Array(COOKIE_BYTES - 1 - prefix.length));
  const text = Array.from(random, (byte) => COOKIE_CHARACTERS[byte % 32]).join("");
  return new TextEncoder().encode(`${prefix}${text}\0`);
}

/**
 * What the cookie of a connection begins with that wants an echo of all that it sends, the cookie
 * included. netecho's service alone does that, for the latency under load.
 */
export const ECHO_PREFIX = "netecho-echo-";

/**
 * The datagram that opens a stream over UDP, and the one that answers it. netecho's has the cookie
 * behind it, which iperf3 does not read.
 */
export const DATAGRAM_HELLO: Uint8Array = new TextEncoder().encode("9876");
export const DATAGRAM_ANSWER: Uint8Array = new TextEncoder().encode("6789");

/** The number of a stream in the results: iperf3 leaves 2 out. */
export function streamId(index: number): number {
  return index === 0 ? 1 : index + 2;
}
