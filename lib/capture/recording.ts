/** Connections, reassembled from captured packets. */
import { UsageError } from "../core/errors.ts";
import { ACK, RST, SYN } from "./packet.ts";
import { Dissector, type TransportPacket } from "./dissect.ts";
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

/** The bytes that one side said, piece by piece. */
export function saidBy(by: Step["by"], { steps }: Pick<Recording, "steps">): Uint8Array[] {
  return steps.flatMap((step) =>
    step.by === by && typeof step.what !== "string" ? [step.what] : []
  );
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
