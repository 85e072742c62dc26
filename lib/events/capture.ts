/** Every connection as it was, in a pcapng file that Wireshark reads; no privilege is needed. */
import { type Address, formatAddress, type InetAddress, isInet } from "../address.ts";
import type { Clock } from "../clock.ts";
import { explain, NetworkError } from "../errors.ts";
import type { Duplex, Observer } from "../net/duplex.ts";
import { say } from "../output.ts";
import { ACK, FIN, MOST, type Path, PSH, RST, SYN, tcpFrame, udpFrame } from "../packets.ts";
import { fileHeader, packetBlock } from "../pcapng.ts";

const APPLICATION = "netecho";
const FIRST = 1; // the sequence number of the first byte, after the SYN

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
  #size = 0;
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
    const write = (bytes: Uint8Array, comment?: string) => this.#write(bytes, comment);
    const ends = { local: inet(peer.local, 1), remote: inet(peer.remote, 2) };
    return peer.framed
      ? datagrams(ends, { write, comment })
      : stream(ends, { write, initiator, comment });
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

  #write(bytes: Uint8Array, comment?: string): void {
    if (this.#broken) return;
    try {
      if (this.#size >= (this.#options.rotateAt ?? Infinity)) this.#begin();
      const at = this.#epoch + this.#options.clock.now();
      this.#put(packetBlock({ at, bytes, comment }));
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
 */
export function openCapture(
  path: string,
  { rotateAt, clock }: Pick<CaptureOptions, "rotateAt" | "clock">,
): Capture {
  const open = (number: number) =>
    path === "-" ? Deno.stdout : Deno.openSync(numbered(path, number), WRITING);
  try {
    const onError = (reason: string) =>
      void say(`netecho: Cannot write ${path}: ${reason}; capturing no more`);
    return new Capture({ open, rotateAt, clock, onError });
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

function stream(
  { local, remote }: Ends,
  { write, initiator, comment }: {
    readonly write: Write;
    readonly initiator: "local" | "remote";
    readonly comment: string;
  },
): Observer {
  const out = { path: { from: local, to: remote }, sequence: FIRST };
  const back = { path: { from: remote, to: local }, sequence: FIRST };
  const [asking, asked] = initiator === "local" ? [out, back] : [back, out];
  const send = (way: typeof out, flags: number, payload?: Uint8Array) => {
    const { path, sequence } = way;
    const acknowledged = (way === out ? back : out).sequence;
    write(tcpFrame(path, { flags, sequence, acknowledged, ...(payload && { payload }) }));
    way.sequence = (sequence + (payload?.length ?? 0) + (flags & FIN ? 1 : 0)) >>> 0;
  };
  const shake = (path: Path, segment: Parameters<typeof tcpFrame>[1], text?: string) =>
    write(tcpFrame(path, segment), text);
  shake(asking.path, { flags: SYN, sequence: 0, acknowledged: 0 }, comment);
  shake(asked.path, { flags: SYN | ACK, sequence: 0, acknowledged: FIRST });
  send(asking, ACK);
  const pass = (way: typeof out, other: typeof out) => (chunk: Uint8Array) => {
    for (let at = 0; at < chunk.length; at += MOST) {
      send(way, PSH | ACK, chunk.subarray(at, at + MOST));
      send(other, ACK);
    }
  };
  return {
    received: pass(back, out),
    sent: pass(out, back),
    closed(how) {
      if (how === "reset") return send(out, RST | ACK);
      send(out, FIN | ACK);
      send(back, FIN | ACK);
      send(out, ACK);
    },
  };
}

// A Unix socket has no addresses: each side gets one that nobody has.
function inet(address: Address, side: number): InetAddress {
  if (isInet(address)) return address;
  const hash = [...formatAddress(address)].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7);
  return { transport: "tcp", hostname: `192.0.2.${side}`, port: 1024 + hash % 60_000 };
}
