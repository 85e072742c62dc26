/** Connections, reassembled from captured packets. */
import { Breaks, systemClock } from "../core/clock.ts";
import { UsageError } from "../core/errors.ts";
import { ACK, RST, SYN } from "./packet.ts";
import { Dissector } from "./dissect.ts";
import { portOf, type TcpHeader, type TransportPacket } from "./transport_packet.ts";
import { type Said, Side } from "./side.ts";
import { readCapture } from "./pcap_reader.ts";

/** One step of a connection. */
export interface Step {
  readonly by: "client" | "server";
  /** Milliseconds since the connection began. */
  readonly at: number;
  /** Bytes that were sent, or how this side ended. */
  readonly what: Said;
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
 * begun before, who has the higher port; over UDP, who spoke first. Others have their turn in
 * between, so that a signal ends it.
 *
 * @throws {UsageError} where the bytes are no capture
 */
export async function readRecordings(
  { path, bytes }: { readonly path: string; readonly bytes: Uint8Array },
): Promise<Recordings> {
  const troubles: string[] = [];
  const packets = readCapture(bytes, (what) => troubles.push(what));
  if (!packets) {
    throw new UsageError(`Cannot read ${path}: it is no capture; pcapng or pcap is needed`);
  }
  const found: Builder[] = [];
  const latest = new Map<string, Builder>();
  const dissector = new Dissector();
  const breaks = new Breaks(systemClock);
  for (const packet of packets) {
    if (breaks.isDue) await breaks.take();
    for (const message of dissector.dissect(packet)) {
      const { protocol, from, to } = message;
      const key = [protocol, ...[from, to].sort()].join(" ");
      let builder = latest.get(key);
      if (!builder || builder.isOver(message)) {
        builder = new Builder(message);
        latest.set(key, builder);
        found.push(builder);
      }
      if (!message.isQuoted) builder.add(message, packet.at);
    }
  }
  troubles.push(...dissector.troubles);
  return { recordings: found.map((builder) => builder.recording()), troubles };
}

/** The bytes that one side said, piece by piece. */
export function saidBy(by: Step["by"], { steps }: Pick<Recording, "steps">): Uint8Array[] {
  return steps.flatMap((step) =>
    step.by === by && typeof step.what !== "string" ? [step.what] : []
  );
}

/** What an end did, as a {@linkcode Step} without its role. */
interface Act extends Pick<Step, "at" | "what"> {
  readonly end: string;
}

class Builder {
  readonly #protocol: TransportPacket["protocol"];
  readonly #ends: readonly [first: string, second: string]; // who was seen first
  #asker: string | undefined; // who sent the SYN
  #isBegun = false; // by more than a reset
  #began: number | undefined; // when its first packet was seen
  #acts: Act[] = [];
  #sides: ReadonlyMap<string, Side>;
  // The first sequence number of each end. By them Wireshark tells connections of the same ports apart.
  readonly #bases = new Map<string, number>();
  #cut = false;

  constructor({ protocol, from, to }: TransportPacket) {
    this.#protocol = protocol;
    this.#ends = [from, to];
    this.#sides = this.#newSides();
  }

  #newSides(): ReadonlyMap<string, Side> {
    const side = (end: string) =>
      new Side((what, at) => this.#acts.push({ end, at: at - this.#began!, what }));
    return new Map(this.#ends.map((end) => [end, side(end)]));
  }

  /** Whether a segment begins another connection between the same ports, as Wireshark has it. */
  isOver({ tcp, from, isQuoted }: TransportPacket): boolean {
    if (!tcp || (tcp.flags & (SYN | ACK)) !== SYN) return false;
    const base = this.#bases.get(from);
    const areOver = [...this.#sides.values()].every(({ over }) => over);
    const isAgain = areOver && !isQuoted && !this.#isReset();
    return base !== undefined && (base !== tcp.sequence || isAgain);
  }

  add(message: TransportPacket, at: number): void {
    const { payload, missing, from, to, tcp } = message;
    this.#began ??= at;
    if (!tcp) {
      this.#cut ||= missing > 0;
      return this.#sides.get(from)!.tell(payload, at);
    }
    this.#recognise(message, tcp);
    // A SYN that is tried again after a reset, or a reset that was of an earlier connection.
    if (!(tcp.flags & RST) && this.#isReset()) {
      [this.#began, this.#acts, this.#sides] = [at, [], this.#newSides()];
    }
    const [side, other] = [this.#sides.get(from)!, this.#sides.get(to)!];
    if (tcp.flags & ACK) other.acknowledge(tcp);
    side.hear(tcp);
    if (tcp.flags & RST && !other.mayBeReset(tcp, side)) return;
    side.add({ ...tcp, payload, missing }, at);
    // Whoever resets hears no more; but for a client that has closed, the answers go on.
    if (side.wasReset) other.over = true;
  }

  #recognise({ from, to }: TransportPacket, { flags, sequence, acknowledged }: TcpHeader): void {
    const set = (end: string, base: number) => {
      if (!this.#bases.has(end)) this.#bases.set(end, base >>> 0);
    };
    set(from, flags & SYN ? sequence : sequence - 1);
    if (flags & ACK) set(to, acknowledged - 1);
    if (flags & SYN) this.#asker ??= flags & ACK ? to : from;
    if (!(flags & RST)) this.#isBegun = true;
  }

  // Whether resets are all that was seen, and nothing is missing before them.
  #isReset(): boolean {
    return this.#acts.length > 0 && this.#acts.every(({ what }) => what === "reset") &&
      !this.#waits;
  }

  get #waits(): boolean {
    return [...this.#sides.values()].some(({ waits }) => waits);
  }

  get #lacksBeginning(): boolean {
    return this.#asker !== undefined &&
      [...this.#sides].some(([end, side]) => side.lacksBeginning(this.#bases.get(end)));
  }

  recording(): Recording {
    const [first, second] = this.#ends;
    const higher = portOf(first) < portOf(second) ? second : first;
    const client = this.#asker ?? (this.#protocol === "tcp" ? higher : first);
    return {
      protocol: this.#protocol,
      client,
      server: client === first ? second : first,
      steps: this.#acts.map(({ end, ...act }) => ({
        by: end === client ? "client" : "server",
        ...act,
      })),
      gaps: this.#cut || this.#waits || this.#lacksBeginning,
      midway: this.#protocol === "tcp" && this.#isBegun && this.#asker === undefined,
    };
  }
}
