/** Making packets of a connection, as a network would have carried it. */
import { type Address, formatAddress, type InetAddress, isInet } from "../net/address.ts";
import type { Duplex, Observer } from "../net/duplex.ts";
import {
  ACK,
  FIN,
  MAX_PAYLOAD_BYTES,
  type PacketPath,
  PSH,
  RST,
  SYN,
  tcpFrame,
  udpFrame,
} from "./packet.ts";

const SEQUENCE_STEP = 0x9e3779b1; // between the first sequence numbers of connections

/** What a flow is made with. */
export interface FlowOptions {
  /** Who made the connection. */
  readonly initiator: "local" | "remote";
  /** Of all connections of a capture. */
  readonly number: number;
  /** The comment on the first packet. */
  readonly comment: string;
  /** When it was made, as a moment of the clock; now, where it is not given. */
  readonly began?: number | undefined;
  /** Writes frames that belong together. */
  readonly write: (frames: readonly Frame[]) => void;
}

/** An Ethernet frame. */
export interface Frame {
  readonly bytes: Uint8Array;
  /** When it passed, as a moment of the clock; now, where it is not given. */
  readonly moment?: number | undefined;
  /** A comment that Wireshark shows with it. */
  readonly comment?: string | undefined;
}

/** Continues a flow. */
export interface Flow extends Observer {
  /** Bytes have passed that are not known: they are missing from the capture. */
  skipped(direction: "in" | "out", bytes: number): void;
}

/** Begins a flow with its handshake. */
export function flowOf(
  peer: Pick<Duplex, "local" | "remote" | "framed">,
  options: FlowOptions,
): Flow {
  const { initiator, number } = options;
  const ends = {
    local: inet(peer.local, { side: 1, number: initiator === "local" ? number : 0 }),
    remote: inet(peer.remote, { side: 2, number: initiator === "remote" ? number : 0 }),
  };
  return peer.framed ? datagrams(ends, options) : stream(ends, options);
}

interface Ends {
  readonly local: InetAddress;
  readonly remote: InetAddress;
}

function datagrams({ local, remote }: Ends, { write, comment }: FlowOptions): Flow {
  let told: string | undefined = comment;
  const pass = (from: InetAddress, to: InetAddress) => (payload: Uint8Array) => {
    write([{ bytes: udpFrame({ from, to }, payload), comment: told }]);
    told = undefined;
  };
  return { received: pass(remote, local), sent: pass(local, remote), skipped() {} };
}

/** One direction of a TCP connection. */
interface FlowDirection {
  readonly path: PacketPath;
  /** The number of the next byte. */
  sequence: number;
  over: boolean;
}

function stream(
  { local, remote }: Ends,
  { write, initiator, comment, number, began: moment }: FlowOptions,
): Flow {
  const first = Math.imul(number, SEQUENCE_STEP) >>> 0;
  const out: FlowDirection = { path: { from: local, to: remote }, sequence: first, over: false };
  const back: FlowDirection = { path: { from: remote, to: local }, sequence: first, over: false };
  const other = (way: FlowDirection) => way === out ? back : out;
  const segment = (way: FlowDirection, flags: number, payload?: Uint8Array): Frame => {
    const { path, sequence } = way;
    const acknowledged = flags & ACK ? other(way).sequence : 0;
    const numbered = (payload?.length ?? 0) + (flags & (SYN | FIN) ? 1 : 0);
    way.sequence = (sequence + numbered) >>> 0;
    return {
      bytes: tcpFrame(path, { flags, sequence, acknowledged, ...(payload && { payload }) }),
    };
  };
  const pass = (way: FlowDirection) => (chunk: Uint8Array) => {
    const frames: Frame[] = [];
    for (let at = 0; at < chunk.length; at += MAX_PAYLOAD_BYTES) {
      frames.push(
        segment(way, PSH | ACK, chunk.subarray(at, at + MAX_PAYLOAD_BYTES)),
        segment(other(way), ACK),
      );
    }
    write(frames);
  };
  const end = (way: FlowDirection, how: "fin" | "reset") => {
    const reset = how === "reset";
    if (way.over && (!reset || other(way).over)) return;
    way.over = true;
    if (reset) other(way).over = true;
    write(reset ? [segment(way, RST | ACK)] : [segment(way, FIN | ACK), segment(other(way), ACK)]);
  };
  const asking = initiator === "local" ? out : back;
  write([
    { ...segment(asking, SYN), moment, comment },
    { ...segment(other(asking), SYN | ACK), moment },
    { ...segment(asking, ACK), moment },
  ]);
  return {
    received: pass(back),
    sent: pass(out),
    ended: (how) => end(back, how),
    halfClosed: () => end(out, "fin"),
    closed: (how) => end(out, how === "closed" ? "fin" : how),
    skipped(direction, bytes) {
      const way = direction === "in" ? back : out;
      way.sequence = (way.sequence + bytes) >>> 0;
    },
  };
}

// A Unix socket has no IP address: each side gets one for documentation (RFC 5737).
function inet(
  address: Address,
  { side, number }: { readonly side: number; readonly number: number },
): InetAddress {
  if (isInet(address)) return address;
  const name = [...formatAddress(address)].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7);
  return { transport: "tcp", hostname: `192.0.2.${side}`, port: 1024 + (number || name) % 60_000 };
}
