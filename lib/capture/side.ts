/** What one side of a TCP connection said, put together from its segments. */
import type { TcpHeader } from "./transport_packet.ts";
import { ACK, FIN, RST, SYN } from "./packet.ts";

const MAX_EARLY_SEGMENTS = 50_000; // segments that wait for one before them
const FIN_NUMBERS = 1; // that a FIN takes: one that was not captured lacks no byte
const MAX_BYTES_BEFORE_SYN = 2 ** 20; // in a capture whose order is not that of the network
const MAX_SCALE = 14; // of a window whose SYN was not captured (RFC 7323 section 2.3)

/** Bytes that were sent, or how a side ended. */
export type Said = Uint8Array | "fin" | "reset";

/** A TCP segment. */
interface Segment {
  readonly sequence: number;
  readonly payload: Uint8Array;
  /** Bytes behind the payload that were sent as well. */
  readonly missing: number;
  readonly flags: number;
}

/** The bytes of one side, in the order of its sequence numbers (RFC 9293 section 3.4). */
export class Side {
  over = false;
  wasReset = false;
  /** Reports the next bytes, or the end. */
  readonly tell: (what: Said, at: number) => void;
  readonly #firsts: number[] = []; // of each SYN
  #isBegun = false;
  #hasMoved = false; // the next number, without a segment
  #first = 0; // the first number, as far as it is known
  #next = 0;
  #end = 0; // behind the last byte that was sent
  #acknowledged: { from: number; to: number } | undefined; // the first number, and the last
  #isAcknowledged = false; // something that was seen
  #told = false;
  #hasEnded = false; // by itself
  #early: Segment[] = [];
  #lost = false; // the segment that they wait for is lost
  #heard: { acknowledged: number; window: number } | undefined; // what it takes next
  #scale = MAX_SCALE;

  constructor(tell: (what: Said, at: number) => void) {
    this.tell = tell;
  }

  /** Whether bytes are missing before some that are there, or at the end. */
  get waits(): boolean {
    return this.#lost || this.#early.length > 0 || (this.#end - this.#next | 0) > 0 ||
      this.#hasUnseen;
  }

  // Whether the other side has got bytes that were not seen.
  get #hasUnseen(): boolean {
    if (!this.#acknowledged) return false;
    const { from, to } = this.#acknowledged;
    return (to - (this.#isBegun ? this.#end : from) | 0) > FIN_NUMBERS;
  }

  /** Whether bytes between its SYN, which was not seen, and its first are missing. */
  lacksBeginning(base: number | undefined): boolean {
    return base !== undefined && this.#isBegun && this.#firsts.length === 0 &&
      (this.#first - base | 0) > 0;
  }

  /** Notes the window that the side announces. */
  hear({ flags, acknowledged, window, windowScale }: TcpHeader): void {
    if (flags & SYN) this.#scale = windowScale;
    if (flags & ACK) this.#heard = { acknowledged, window: window << this.#scale };
  }

  /**
   * Whether the other side may reset it: the RST is in the window (RFC 9293 section 3.5.3) or, where no
   * window is known, not from before the other side began.
   */
  mayBeReset({ sequence }: TcpHeader, by: Side): boolean {
    if (!this.#heard) return !by.#isBegun || (sequence - by.#first | 0) >= 0;
    const { acknowledged, window } = this.#heard;
    const ahead = sequence - acknowledged | 0;
    return ahead >= 0 && ahead <= window;
  }

  /** Notes how far the other side has got. Of several SYNs, it takes the one that it acknowledges. */
  acknowledge({ flags, acknowledged }: TcpHeader): void {
    if (!this.#told && this.#firsts.includes(acknowledged - 1 | 0)) this.#beginAt(acknowledged | 0);
    // Who resets may acknowledge anything (RFC 9293 section 3.10.7.4).
    if (!(flags & RST)) this.#noteAcknowledged(acknowledged | 0);
  }

  // Until something that was seen is acknowledged, it may be of an earlier connection.
  #noteAcknowledged(number: number): void {
    const isSeen = (number - this.#first | 0) > 0 && (number - this.#end | 0) <= 0;
    this.#isAcknowledged ||= !this.#isBegun || isSeen;
    if (!this.#isAcknowledged) return;
    const { from, to } = this.#acknowledged ?? { from: number, to: number };
    this.#acknowledged = { from, to: (number - to | 0) > 0 ? number : to };
  }

  add(segment: Segment, at: number): void {
    if (this.#hasEnded) this.#lost ||= this.#isBehindEnd(segment);
    if (this.over || this.#lost) return;
    const { sequence, payload, flags } = segment;
    if (flags & SYN) this.#firsts.push(sequence | 0);
    const syn = flags & SYN ? 1 : 0;
    const begin = sequence + syn | 0;
    if (!this.#isBegun || (syn && !this.#told) || this.#wasKeptAlive(begin)) this.#beginAt(begin);
    else if (syn) this.#lost = this.#isShortlyBefore(begin);
    const end = begin + payload.length + segment.missing | 0;
    // A RST tells how far it was; before the other side has answered, it may be of another connection.
    const tells = !(flags & RST) || this.#isAcknowledged;
    if (tells && (end - this.#end | 0) > 0) this.#end = end;
    if (flags & RST) return this.#tellEnd("reset", at);
    this.#early.push({ ...segment, sequence: begin });
    // One that has to wait changes nothing for those that wait already.
    if (this.#hasMoved || (begin - this.#next | 0) <= 0) this.#takeAll(at);
    this.#lost ||= this.#early.length > MAX_EARLY_SEGMENTS;
  }

  // Whether all that came before was a keepalive, one byte before the next (RFC 9293 section 3.8.4).
  #wasKeptAlive(begin: number): boolean {
    return !this.#told && this.#firsts.length === 0 && begin === (this.#next + 1 | 0);
  }

  // Whether a SYN was captured after some bytes, the first of which are lost.
  #isShortlyBefore(begin: number): boolean {
    const bytes = this.#first + 1 - begin | 0;
    return bytes > 0 && bytes < MAX_BYTES_BEFORE_SYN;
  }

  // Bytes that it cannot have said in this connection are of another one, whose SYN is not there.
  #isBehindEnd({ sequence, payload }: Segment): boolean {
    const [begin, end] = [sequence - this.#first | 0, sequence + payload.length - this.#next | 0];
    return payload.length > 0 && (begin < 0 || end > 0);
  }

  #beginAt(next: number): void {
    this.#isBegun = this.#hasMoved = true;
    this.#first = next - 1;
    this.#next = this.#end = next;
    this.#isAcknowledged = false;
    this.#acknowledged = undefined;
  }

  #takeAll(at: number): void {
    this.#hasMoved = false;
    while (this.#takeOne(at));
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
    this.#hasEnded = true;
    if (how === "fin") {
      this.#early = []; // retransmissions
      this.#next = this.#next + FIN_NUMBERS | 0;
    }
    this.tell(how, at);
  }
}
