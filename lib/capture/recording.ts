/** Connections, reassembled from captured packets. */
import { UsageError } from "../core/errors.ts";
import { ACK, FIN, RST, SYN } from "./packet.ts";
import { Dissector, type TcpHeader, type TransportPacket } from "./dissect.ts";
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
  /** Whether the capture begins after the connection did. */
  readonly midway: boolean;
}

/** What a capture holds. */
export interface Recordings {
  readonly recordings: readonly Recording[];
  /** What could not be read, in words: there may be more than the recordings have. */
  readonly troubles: readonly string[];
}

/**
 * The connections of a capture, each protocol in the order that Wireshark numbers its streams in:
 * segments in sequence, each byte once. The client is who sent the SYN; of a connection that has
 * begun before, who has the higher port; over UDP, who spoke first.
 *
 * @throws {UsageError} where the bytes are no capture
 */
export function readRecordings(
  { path, bytes }: { readonly path: string; readonly bytes: Uint8Array },
): Recordings {
  const troubles: string[] = [];
  const packets = readCapture(bytes, (what) => troubles.push(what));
  if (!packets) {
    throw new UsageError(`Cannot read ${path}: it is no capture; pcapng or pcap is needed`);
  }
  const found: Builder[] = [];
  const latest = new Map<string, Builder>();
  const dissector = new Dissector();
  for (const packet of packets) {
    const message = dissector.dissect(packet);
    if (!message) continue;
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
  troubles.push(...dissector.troubles);
  return { recordings: found.map((builder) => builder.recording()), troubles };
}

const portOf = (end: string) => Number(/\d+$/.exec(end)![0]);

class Builder {
  readonly #protocol: TransportPacket["protocol"];
  readonly #client: string;
  readonly #server: string;
  readonly #midway: boolean;
  #began: number;
  #steps: Step[] = [];
  #sides: Readonly<Record<Step["by"], Side>> = this.#newSides();
  #cut = false;

  constructor({ protocol, from, to, tcp }: TransportPacket, at: number) {
    const syn = tcp && (tcp.flags & (SYN | ACK));
    const answers = syn === (SYN | ACK) || (syn !== SYN && tcp && portOf(from) < portOf(to));
    [this.#client, this.#server] = answers ? [to, from] : [from, to];
    this.#midway = tcp !== undefined && !(tcp.flags & SYN) && !(tcp.flags & RST);
    this.#protocol = protocol;
    this.#began = at;
  }

  #newSides(): Readonly<Record<Step["by"], Side>> {
    const side = (by: Step["by"]) =>
      new Side((what, at) => this.#steps.push({ by, at: at - this.#began, what }));
    return { client: side("client"), server: side("server") };
  }

  /** Whether a segment begins another connection between the same ports, as Wireshark has it. */
  isOver({ tcp, from }: TransportPacket): boolean {
    if (!tcp || (tcp.flags & (SYN | ACK)) !== SYN) return false;
    const { client, server } = this.#sides;
    const { first } = from === this.#client ? client : server;
    const done = client.over && server.over && this.#steps.some(({ what }) => what !== "reset");
    return first !== undefined && (first !== tcp.sequence || done);
  }

  add(message: TransportPacket, at: number): void {
    const { payload, missing, from, tcp } = message;
    const by = from === this.#client ? "client" : "server";
    if (!tcp) {
      this.#cut ||= missing > 0;
      return this.#sides[by].tell(payload, at);
    }
    if ((tcp.flags & (SYN | ACK)) === SYN && this.#wasRefused()) {
      [this.#began, this.#steps, this.#sides] = [at, [], this.#newSides()];
    }
    const [side, other] = [this.#sides[by], this.#sides[by === "client" ? "server" : "client"]];
    if (tcp.flags & ACK) other.acknowledge(tcp);
    side.hear(tcp);
    if (tcp.flags & RST && !other.mayBeReset(tcp)) return;
    side.add({ ...tcp, payload, missing }, at);
    // Whoever resets hears no more; but for a client that has closed, the answers go on.
    if (side.wasReset) other.over = true;
  }

  // A SYN that is tried again after a reset, before anything was said.
  #wasRefused(): boolean {
    return this.#steps.length > 0 && this.#steps.every(({ what }) => what === "reset");
  }

  recording(): Recording {
    const { client, server } = this.#sides;
    return {
      protocol: this.#protocol,
      client: this.#client,
      server: this.#server,
      steps: this.#steps,
      gaps: this.#cut || client.waits || server.waits,
      midway: this.#midway,
    };
  }
}

const MAX_EARLY_SEGMENTS = 10_000; // segments that wait for one before them
const MAX_SCALE = 14; // of a window whose SYN was not captured (RFC 7323 section 2.3)

interface Segment {
  readonly sequence: number;
  readonly payload: Uint8Array;
  /** Bytes behind the payload that were sent as well. */
  readonly missing: number;
  readonly flags: number;
}

/** The bytes of one side, in the order of its sequence numbers (RFC 9293 section 3.4). */
class Side {
  over = false;
  wasReset = false;
  /** The first sequence number; undefined until something was sent. */
  first: number | undefined;
  /** Reports the next bytes, or the end. */
  readonly tell: (what: Step["what"], at: number) => void;
  readonly #firsts: number[] = []; // of each SYN
  #next = 0;
  #end = 0; // behind the last byte that was sent
  #told = false;
  #early: Segment[] = [];
  #lost = false; // the segment that they wait for is lost
  #heard: { acknowledged: number; window: number } | undefined; // what it takes next
  #scale = MAX_SCALE;

  constructor(tell: (what: Step["what"], at: number) => void) {
    this.tell = tell;
  }

  /** Whether bytes are missing before some that are there, or at the end. */
  get waits(): boolean {
    return this.#lost || this.#early.length > 0 || (this.#end - this.#next | 0) > 0;
  }

  /** Takes what the side says of what it takes. */
  hear({ flags, acknowledged, window, windowScale }: TcpHeader): void {
    if (flags & SYN) this.#scale = windowScale;
    if (flags & ACK) this.#heard = { acknowledged, window: window << this.#scale };
  }

  /** Whether a RST of the other side is in the window (RFC 9293 section 3.5.3). */
  mayBeReset({ sequence }: TcpHeader): boolean {
    if (!this.#heard) return true;
    const { acknowledged, window } = this.#heard;
    const ahead = sequence - acknowledged | 0;
    return ahead >= 0 && ahead <= window;
  }

  /** Of several SYNs, the other side takes the one that it acknowledges. */
  acknowledge({ acknowledged }: TcpHeader): void {
    if (this.#told || !this.#firsts.includes(acknowledged - 1 | 0)) return;
    this.first = acknowledged - 1 >>> 0;
    this.#next = this.#end = acknowledged | 0;
  }

  add(segment: Segment, at: number): void {
    if (this.over || this.#lost) return;
    const { sequence, payload, flags } = segment;
    if (flags & SYN) this.#firsts.push(sequence | 0);
    const syn = flags & SYN ? 1 : 0;
    const begin = sequence + syn | 0;
    if (this.first === undefined || (syn && !this.#told)) this.#beginAt(sequence, begin);
    // What came first was a keepalive, one byte before the next (RFC 9293 section 3.8.4).
    else if (!this.#told && this.#firsts.length === 0 && begin === (this.#next + 1 | 0)) {
      this.#beginAt(sequence, begin);
    }
    if (flags & RST) return this.#tellEnd("reset", at);
    const end = begin + payload.length + segment.missing | 0;
    if ((end - this.#end | 0) > 0) this.#end = end;
    this.#early.push({ ...segment, sequence: begin });
    while (this.#takeOne(at));
    this.#lost = this.#early.length > MAX_EARLY_SEGMENTS;
  }

  #beginAt(first: number, next: number): void {
    this.first = first;
    this.#next = this.#end = next;
  }

  // Sequence numbers wrap at 2^32; the sign of the difference says which is later.
  #takeOne(at: number): boolean {
    const index = this.#early.findIndex(({ sequence }) => (sequence - this.#next | 0) <= 0);
    const [segment] = index < 0 ? [] : this.#early.splice(index, 1);
    if (!segment || this.over) return false;
    const fresh = segment.payload.subarray(this.#next - segment.sequence | 0);
    if (fresh.length > 0) {
      this.#told = true;
      this.tell(fresh, at);
    }
    this.#next = this.#next + fresh.length | 0;
    const end = segment.sequence + segment.payload.length + segment.missing;
    if (segment.flags & FIN && (end - this.#next | 0) === 0) this.#tellEnd("fin", at);
    return true;
  }

  #tellEnd(how: "fin" | "reset", at: number): void {
    this.over = true;
    this.wasReset = how === "reset";
    if (how === "fin") this.#early = []; // retransmissions
    this.tell(how, at);
  }
}
