/** Connections, reassembled from captured packets. */
import { UsageError } from "../core/errors.ts";
import { ACK, FIN, RST, SYN } from "./packet.ts";
import { dissect, type TransportPacket } from "./dissect.ts";
import { readCapture } from "./pcap_reader.ts";

/** One step of a connection. */
export interface Step {
  readonly by: "client" | "server";
  /** Milliseconds since the connection began. */
  readonly at: number;
  /** Bytes that were sent, or how this side ended. */
  readonly what: Uint8Array | "fin" | "reset";
}

/** A recorded connection. */
export interface Recording {
  readonly protocol: "tcp" | "udp";
  /** Its two ends, as `HOST:PORT`. */
  readonly client: string;
  readonly server: string;
  readonly steps: readonly Step[];
  /** Whether bytes that were sent are missing from the capture. */
  readonly gaps: boolean;
}

/**
 * The connections of a capture, each protocol in the order that Wireshark numbers its streams in:
 * segments in sequence, each byte once. The client is who sent the SYN, or else sent the first
 * byte.
 *
 * @throws {UsageError} where the bytes are no capture
 */
export function readRecordings(
  { path, bytes }: { readonly path: string; readonly bytes: Uint8Array },
): Recording[] {
  const packets = readCapture(bytes);
  if (!packets) {
    throw new UsageError(`Cannot read ${path}: it is no capture; pcapng or pcap is needed`);
  }
  const found: Builder[] = [];
  const latest = new Map<string, Builder>();
  let fragments = false;
  for (const packet of packets) {
    const message = dissect(packet);
    if (message === "fragment") fragments = true;
    if (!message || message === "fragment") continue;
    const { protocol, from, to } = message;
    const key = [protocol, ...[from, to].sort()].join(" ");
    let builder = latest.get(key);
    if (!builder || builder.isOver(message)) {
      builder = new Builder(message, packet.at);
      latest.set(key, builder);
      found.push(builder);
    }
    builder.add(message, packet.at);
  }
  // Fragments are not reassembled, so the connection that they belong to is unknown.
  return found.map((builder) => builder.recording()).map((one) => ({
    ...one,
    gaps: one.gaps || (fragments && one.protocol === "udp"),
  }));
}

class Builder {
  readonly #protocol: TransportPacket["protocol"];
  readonly #client: string;
  readonly #server: string;
  readonly #began: number;
  readonly #steps: Step[] = [];
  readonly #sides: Readonly<Record<Step["by"], Side>>;
  #cut = false;

  constructor({ protocol, from, to, flags }: TransportPacket, at: number) {
    const answer = protocol === "tcp" && (flags & (SYN | ACK)) === (SYN | ACK);
    [this.#client, this.#server] = answer ? [to, from] : [from, to];
    this.#protocol = protocol;
    this.#began = at;
    const side = (by: Step["by"]) =>
      new Side((what, at) => this.#steps.push({ by, at: at - this.#began, what }));
    this.#sides = { client: side("client"), server: side("server") };
  }

  /** Whether a segment begins another connection between the same ports. */
  isOver({ flags, sequence, from }: TransportPacket): boolean {
    if ((flags & (SYN | ACK)) !== SYN) return false;
    const { client, server } = this.#sides;
    return client.over && server.over || from !== this.#client || client.first !== sequence;
  }

  add(message: TransportPacket, at: number): void {
    const { payload, cut, from } = message;
    this.#cut ||= cut;
    const by = from === this.#client ? "client" : "server";
    const side = this.#sides[by];
    if (this.#protocol === "udp") return side.tell(payload, at);
    side.add(message, at);
    if (message.flags & RST) this.#sides[by === "client" ? "server" : "client"].over = true;
  }

  recording(): Recording {
    const { client, server } = this.#sides;
    return {
      protocol: this.#protocol,
      client: this.#client,
      server: this.#server,
      steps: this.#steps,
      gaps: this.#cut || client.waits || server.waits,
    };
  }
}

const MAX_EARLY_SEGMENTS = 10_000; // segments that wait for one before them

interface Segment {
  readonly sequence: number;
  readonly payload: Uint8Array;
  readonly flags: number;
}

/** The bytes of one side, in the order of its sequence numbers (RFC 9293 section 3.4). */
class Side {
  over = false;
  first: number | undefined;
  /** Reports the next bytes, or the end. */
  readonly tell: (what: Step["what"], at: number) => void;
  #next = 0;
  #early: Segment[] = [];
  #lost = false; // the segment that they wait for is lost

  constructor(tell: (what: Step["what"], at: number) => void) {
    this.tell = tell;
  }

  /** Whether segments wait for an earlier one. */
  get waits(): boolean {
    return this.#lost || this.#early.length > 0;
  }

  add({ sequence, payload, flags }: Segment, at: number): void {
    if (this.over || this.#lost) return;
    const syn = flags & SYN ? 1 : 0;
    if (this.first === undefined) {
      this.first = sequence;
      this.#next = sequence + syn | 0;
    }
    if (flags & RST) return this.#end("reset", at);
    this.#early.push({ sequence: sequence + syn | 0, payload, flags });
    while (this.#takeOne(at));
    this.#lost = this.#early.length > MAX_EARLY_SEGMENTS;
  }

  // Sequence numbers wrap at 2^32; the sign of the difference says which is later.
  #takeOne(at: number): boolean {
    const index = this.#early.findIndex(({ sequence }) => (sequence - this.#next | 0) <= 0);
    const [segment] = index < 0 ? [] : this.#early.splice(index, 1);
    if (!segment || this.over) return false;
    const fresh = segment.payload.subarray(this.#next - segment.sequence | 0);
    if (fresh.length > 0) this.tell(fresh, at);
    this.#next = this.#next + fresh.length | 0;
    const whole = (segment.sequence + segment.payload.length - this.#next | 0) === 0;
    if (segment.flags & FIN && whole) this.#end("fin", at);
    return true;
  }

  #end(how: "fin" | "reset", at: number): void {
    this.over = true;
    if (how === "fin") this.#early = []; // retransmissions
    this.tell(how, at);
  }
}
