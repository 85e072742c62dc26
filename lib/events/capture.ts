/** Every connection as it was, in a pcapng file that Wireshark reads; no privilege is needed. */
import { type Address, formatAddress, type InetAddress, isInet } from "../address.ts";
import type { Clock } from "../clock.ts";
import { explain, NetworkError, UsageError } from "../errors.ts";
import type { Duplex, Observer } from "../net/duplex.ts";
import { say } from "../output.ts";
import { ACK, FIN, MOST, type Path, PSH, RST, SYN, tcpFrame, udpFrame } from "../packets.ts";
import { fileHeader, packetBlock, secretsBlock } from "../pcapng.ts";
import { keyLog } from "../key_log.ts";

const APPLICATION = "netecho";
const APART = 0x9e3779b1; // sequence numbers, so that the next connection of a port is another

/** Where blocks are written. */
export interface CaptureFile {
  writeSync(bytes: Uint8Array): number;
  close?(): void;
}

/** How a capture is kept. */
export interface CaptureOptions {
  /** Opens the file; with a number the one that follows, when the last is full. */
  readonly open: (number: number) => CaptureFile;
  /** Bytes after which another file is begun. */
  readonly rotateAt?: number | undefined;
  readonly clock: Pick<Clock, "now" | "wallTime">;
  /** The lines that a TLS key log has got since the last call. */
  readonly secrets?: (() => Uint8Array) | undefined;
  /** Learns once that nothing more can be written. */
  readonly onError: (reason: string) => void;
}

/**
 * A capture. Each block is written whole and at once, so that a program that is killed leaves a file
 * that can be read.
 */
export class Capture {
  readonly #options: CaptureOptions;
  readonly #epoch: number; // milliseconds since 1970
  #file: CaptureFile | undefined;
  #number = 0;
  #size = 0; // bytes
  #watched = 0; // connections
  #broken = false;

  /** Opens the first file, or throws what that failed with. */
  constructor(options: CaptureOptions) {
    this.#options = options;
    const { clock } = options;
    this.#epoch = clock.wallTime() - clock.now(); // the clock that goes on is the finer one
    this.#begin();
  }

  /** Begins a connection; `initiator` says who made it. */
  watch(
    peer: Pick<Duplex, "local" | "remote" | "framed">,
    { initiator, comment }: { readonly initiator: "local" | "remote"; readonly comment: string },
  ): Observer {
    const write = (bytes: Uint8Array, comment?: string) => this.#writePacket(bytes, comment);
    this.#writeSecrets();
    const ends = { local: inet(peer.local, 1), remote: inet(peer.remote, 2) };
    return peer.framed
      ? datagrams(ends, { write, comment })
      : stream(ends, { write, initiator, comment, first: Math.imul(this.#watched++, APART) >>> 0 });
  }

  /** Closes the file. */
  close(): void {
    this.#broken = true;
    this.#file?.close?.();
  }

  #begin(): void {
    this.#file?.close?.();
    this.#file = this.#options.open(this.#number++);
    this.#size = 0;
    this.#put(fileHeader({ application: APPLICATION, name: APPLICATION }));
  }

  #writePacket(bytes: Uint8Array, comment?: string): void {
    const at = this.#epoch + this.#options.clock.now();
    this.#write(() => packetBlock({ at, bytes, comment }));
  }

  #writeSecrets(): void {
    const { secrets } = this.#options;
    if (!secrets) return;
    const lines = secrets();
    if (lines.length > 0) this.#write(() => secretsBlock(lines));
  }

  #write(block: () => Uint8Array): void {
    if (this.#broken) return;
    try {
      if (this.#size >= (this.#options.rotateAt ?? Infinity)) this.#begin();
      this.#put(block());
    } catch (error) {
      this.#broken = true;
      this.#options.onError(explain(error));
    }
  }

  #put(block: Uint8Array): void {
    this.#size += block.length;
    for (let at = 0; at < block.length;) at += this.#file!.writeSync(block.subarray(at));
  }
}

/**
 * A capture in a file, or on stdout as `-`; from the second file on the name has a number in it. A
 * write that fails is told on stderr, once.
 *
 * @throws {NetworkError} where it cannot be written from the beginning
 * @throws {UsageError} where it would go to a terminal
 */
export function openCapture(
  path: string,
  { rotateAt, clock }: Pick<CaptureOptions, "rotateAt" | "clock">,
): Capture {
  const open = (number: number) =>
    path === "-" ? Deno.stdout : Deno.openSync(numbered(path, number), WRITING);
  if (path === "-" && Deno.stdout.isTerminal()) {
    throw new UsageError("Option --capture: stdout is a terminal; name a file, or pipe it on");
  }
  if (path === "-" && rotateAt !== undefined) {
    throw new UsageError("Option --capture-size: stdout is one file; name another");
  }
  try {
    const onError = (reason: string) =>
      void say(`netecho: Cannot write ${path}: ${reason}; capturing no more`);
    return new Capture({ open, rotateAt, clock, secrets: keyLog(), onError });
  } catch (error) {
    throw new NetworkError(`Cannot write ${path}: ${explain(error)}`, { cause: error });
  }
}

const WRITING = { write: true, create: true, truncate: true };

function numbered(path: string, number: number): string {
  if (number === 0) return path;
  return path.replace(/(\.[^./]*)?$/, (extension) => `-${number}${extension}`);
}

interface Ends {
  readonly local: InetAddress;
  readonly remote: InetAddress;
}

type Write = (frame: Uint8Array, comment?: string) => void;

function datagrams(
  { local, remote }: Ends,
  { write, comment }: { readonly write: Write; readonly comment: string },
): Observer {
  let told: string | undefined = comment;
  const pass = (from: InetAddress, to: InetAddress) => (payload: Uint8Array) => {
    write(udpFrame({ from, to }, payload), told);
    told = undefined;
  };
  return { received: pass(remote, local), sent: pass(local, remote) };
}

/** One direction of a TCP connection. */
interface Way {
  readonly path: Path;
  /** The number of the next byte. */
  sequence: number;
  over: boolean;
}

function stream(
  { local, remote }: Ends,
  { write, initiator, comment, first }: {
    readonly write: Write;
    readonly initiator: "local" | "remote";
    readonly comment: string;
    /** The sequence number of both SYNs. */
    readonly first: number;
  },
): Observer {
  const out: Way = { path: { from: local, to: remote }, sequence: first, over: false };
  const back: Way = { path: { from: remote, to: local }, sequence: first, over: false };
  const other = (way: Way) => way === out ? back : out;
  const send = (way: Way, flags: number, payload?: Uint8Array, text?: string) => {
    const { path, sequence } = way;
    const acknowledged = flags & ACK ? other(way).sequence : 0;
    write(tcpFrame(path, { flags, sequence, acknowledged, ...(payload && { payload }) }), text);
    const numbered = (payload?.length ?? 0) + (flags & (SYN | FIN) ? 1 : 0);
    way.sequence = (sequence + numbered) >>> 0;
  };
  const pass = (way: Way) => (chunk: Uint8Array) => {
    for (let at = 0; at < chunk.length; at += MOST) {
      send(way, PSH | ACK, chunk.subarray(at, at + MOST));
      send(other(way), ACK);
    }
  };
  const end = (way: Way, how: "fin" | "reset") => {
    const reset = how === "reset";
    if (way.over && (!reset || other(way).over)) return;
    way.over = true;
    if (reset) other(way).over = true;
    send(way, reset ? RST | ACK : FIN | ACK);
    if (!reset) send(other(way), ACK);
  };
  const asking = initiator === "local" ? out : back;
  send(asking, SYN, undefined, comment);
  send(other(asking), SYN | ACK);
  send(asking, ACK);
  return {
    received: pass(back),
    sent: pass(out),
    ended: (how) => end(back, how),
    halfClosed: () => end(out, "fin"),
    closed: (how) => end(out, how === "closed" ? "fin" : how),
  };
}

// A Unix socket has no addresses: each side gets one that nobody has.
function inet(address: Address, side: number): InetAddress {
  if (isInet(address)) return address;
  const hash = [...formatAddress(address)].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7);
  return { transport: "tcp", hostname: `192.0.2.${side}`, port: 1024 + hash % 60_000 };
}
