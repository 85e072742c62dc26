/** One connection under load, for request after request. */
import { isReset } from "../core/explain.ts";
import type { Duplex } from "../net/duplex.ts";
import type { Dialogue } from "../probe/exchange.ts";
import { UNASKED_ANSWER } from "../probe/messages.ts";
import { Tracker } from "../probe/tracker.ts";
import {
  CLOSED,
  CUT_SHORT,
  INCOMPLETE,
  isSmall,
  type Lane,
  type LaneOptions,
  TIMED_OUT,
} from "./lane.ts";

const DATAGRAM_WINDOW = 4096; // requests of a connection whose answers can be told apart

const STRAYS = {
  late: "an answer that came too late",
  duplicate: "a second answer",
  unknown: "an answer to nothing that was sent",
} as const;

/** A lane over one connection, for request after request. */
export class ConnectionLane implements Lane {
  readonly slot: number;
  readonly #peer: Duplex;
  readonly #options: LaneOptions;
  readonly #dialogue: Dialogue;
  readonly #tracker: Tracker;
  readonly #window: number;
  readonly #mask: number;
  readonly #due: Float64Array;
  #requested = 0; // the number of the last request
  #written = 0; // the number of the last request that was written
  #writing = false;
  #reading = false;
  #ended = false;
  #rightAnswers = 0;
  #now = 0;
  readonly #small: boolean;

  constructor(peer: Duplex, options: LaneOptions) {
    const { pipeline } = options;
    const least = peer.framed ? DATAGRAM_WINDOW : 2;
    const window = Math.max(least, 2 ** Math.ceil(Math.log2(pipeline + 1)));
    this.slot = options.slot;
    this.#small = !peer.framed && isSmall(options);
    this.#peer = peer;
    this.#options = options;
    this.#dialogue = options.exchange.open({
      framed: peer.framed,
      batch: pipeline,
      onAnswer: (number, intact) => this.#answered(number, intact),
      onStray: (kind) => options.events.onStray(kind),
    });
    this.#tracker = new Tracker({ window });
    this.#window = window;
    this.#mask = 2 * window - 1; // keeps the due times of requests that left the window
    this.#due = new Float64Array(2 * window);
    this.#receive().catch((error) => this.close(error));
  }

  request(due: number): void {
    if (this.#ended) return;
    const number = ++this.#requested;
    this.#due[number & this.#mask] = due;
    if (!this.#writing && !this.#reading) this.#write(this.#options.clock.now());
  }

  giveUp(moment: number): void {
    const since = this.#tracker.waitingSince;
    if (since === undefined || since > moment) return;
    // The answers of a stream cannot skip one.
    if (!this.#peer.framed) return this.close(this.#dialogue.pending > 0 ? INCOMPLETE : TIMED_OUT);
    for (const number of this.#tracker.giveUp(moment)) {
      this.#dialogue.lost?.(number);
      this.#fail(number, TIMED_OUT);
    }
  }

  close(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    const tcp = this.#peer.tcpInfo;
    this.#peer.close();
    const unanswered = [...this.#tracker.giveUp(Infinity)];
    for (let number = this.#written + 1; number <= this.#requested; number++) {
      unanswered.push(number);
    }
    for (const number of unanswered) this.#fail(number, error);
    // As a server ends a connection that has had its number of requests.
    const served = isByPeer(error) && this.#rightAnswers > unanswered.length;
    this.#options.events.onEnd(this, { error, idle: unanswered.length === 0, served, tcp });
  }

  #fail(number: number, error: unknown): void {
    this.#options.events.onFailure(this, { due: this.#due[number & this.#mask]!, error });
  }

  // Writes all that has been requested, on a stream in one piece. No async function: see SocketDuplex.
  #write(now: number): Promise<void> | void {
    if (this.#written === this.#requested || this.#ended) return;
    this.#writing = true;
    return this.#peer.write(this.#next(now)).then(this.#onWritten, this.#onWriteFailed);
  }

  readonly #onWritten = (): void => {
    this.#writing = false;
    if (this.#written < this.#requested) this.#write(this.#options.clock.now());
  };

  readonly #onWriteFailed = (error: unknown) => this.close(error);

  #next(now: number): Uint8Array {
    const first = this.#written + 1;
    const count = this.#peer.framed ? 1 : this.#requested - this.#written;
    this.#written += count;
    for (let number = first; number < first + count; number++) {
      if (this.#tracker.sent(number, now)) this.#fail(number - this.#window, TIMED_OUT);
    }
    return this.#dialogue.requests(first, count);
  }

  async #receive(): Promise<void> {
    const { clock } = this.#options;
    const dialogue = this.#dialogue;
    for (;;) {
      const chunk = await this.#peer.read();
      if (!chunk) return this.close(dialogue.pending > 0 ? CUT_SHORT : CLOSED);
      if (this.#ended) return;
      this.#now = clock.now();
      this.#reading = true; // requests that these answers make room for are written together
      dialogue.received(chunk);
      this.#reading = false;
      if (this.#writing) continue;
      const writing = this.#write(this.#now);
      // A read that begins after the write is more likely to find the answer there. Not where the peer
      // may have to be read first to take all of it.
      if (this.#small) await writing;
    }
  }

  #answered(number: number, intact: boolean): void {
    const { standing, sentAt: sent } = this.#tracker.answered(number);
    if (standing === "unknown" && !this.#peer.framed) return this.close(UNASKED_ANSWER);
    if (standing !== "answer") return this.#options.events.onStray(STRAYS[standing]);
    if (intact) this.#rightAnswers++;
    const due = this.#due[number & this.#mask]!;
    this.#options.events.onAnswer(this, { due, sent, now: this.#now, intact });
  }
}

// By FIN, by RST, or by a FIN that TLS did not announce.
function isByPeer(error: unknown): boolean {
  return error === CLOSED || isReset(error) || error instanceof Deno.errors.UnexpectedEof;
}
