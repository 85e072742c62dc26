/** Sending numbered messages over one connection, and judging the answers. */
import { type Clock, delay, until } from "../core/clock.ts";
import { NetworkError } from "../core/errors.ts";
import type { Duplex } from "../net/duplex.ts";
import type { Dialogue, Exchange } from "../probe/exchange.ts";
import { UNASKED_ANSWER } from "../probe/messages.ts";
import type { PingStatistics } from "./statistics.ts";
import { type Judgement, Tracker } from "../probe/tracker.ts";

const NOT_READING = new NetworkError("The peer does not read what it is sent");
const AWAKE_MS = 2; // after a message, for which the program stays awake
const READY_MS = 5; // before a message is due, to be awake and warm by then
const WINDOW = 65_536; // messages whose answers can be told apart

/** An answer, as it is reported. */
export interface Reply extends Judgement {
  readonly number: number;
  /** Length, in bytes. */
  readonly size: number;
  /** Since the message was sent, in milliseconds; absent where it answers none. */
  readonly roundTrip?: number;
  readonly intact: boolean;
}

/** What a {@linkcode Pinger} works with. */
export interface PingerOptions {
  readonly clock: Clock;
  readonly exchange: Exchange;
  /** Milliseconds between messages; 0: as soon as the last one is answered or given up. */
  readonly interval: number;
  /** Milliseconds after which a message is given up. */
  readonly timeout: number;
  /** How many messages; without end where it is undefined. */
  readonly count: number | undefined;
  readonly tally: PingStatistics;
  readonly onReply: (reply: Reply) => void;
  /** Called with a message that got no answer. */
  readonly onLost: (number: number) => void;
  /** Awaited shortly before each message is due, where there is time. */
  readonly before?: () => Promise<void>;
}

/** Sends messages until each is answered or given up, or it is stopped. */
export class Pinger {
  readonly #peer: Duplex;
  readonly #probing: PingerOptions;
  readonly #dialogue: Dialogue;
  readonly #tracker = new Tracker({ window: WINDOW });
  #arrivedAt = 0; // when the last chunk came
  readonly #stopped = Promise.withResolvers<"stopped">();
  #settled = Promise.withResolvers<void>();
  readonly #stopSignal = new AbortController();
  #stopping = false;
  #writing = 0; // the number of the message that is being written
  #awakeUntil = 0; // a moment of the clock, or 0
  #cancelExpiry: (() => void) | undefined;

  constructor(peer: Duplex, probing: PingerOptions) {
    this.#peer = peer;
    this.#probing = probing;
    this.#dialogue = probing.exchange.open({
      framed: peer.framed,
      batch: 1,
      onAnswer: (number, intact, size) => this.#judge({ number, intact, size }),
      onStray: (_, size) => this.#judge({ number: this.#tracker.last, intact: true, size }),
    });
  }

  /** Resolves with why it is over; rejects where the connection fails. */
  async run(): Promise<"done" | "stopped" | "closed"> {
    const sending = this.#send().then(() => "done" as const);
    const receiving = this.#receive().then(() => "closed" as const);
    try {
      return await Promise.race([this.#stopped.promise, sending, receiving]);
    } finally {
      this.stop();
      this.#peer.close();
      sending.catch(() => {}); // closing the peer ends what is pending
      receiving.catch(() => {});
    }
  }

  /** Ends the run now. */
  stop(): void {
    this.#stopping = true;
    this.#cancelExpiry?.();
    this.#stopSignal.abort();
    this.#settled.resolve();
    this.#stopped.resolve("stopped");
  }

  async #send(): Promise<void> {
    const { clock, interval, count = Infinity, tally, onLost } = this.#probing;
    const started = clock.now();
    for (let number = 1; number <= count && !this.#stopping; number++) {
      await this.#until(started + (number - 1) * interval);
      if (this.#stopping) return;
      if (this.#tracker.sent(number, clock.now())) onLost(number - WINDOW);
      tally.counts.sent++;
      this.#expect();
      this.#writing = number;
      await this.#peer.write(this.#dialogue.requests(number, 1));
      this.#writing = 0;
      if (interval > 0) continue;
      this.#stayAwake();
      await this.#settle();
    }
    await this.#settle();
  }

  // Without a pause between two messages, waking would be a part of each round trip; with one, the
  // answer is seen earlier by a program that sleeps.
  #stayAwake(): void {
    const { clock } = this.#probing;
    const asleep = this.#awakeUntil === 0;
    this.#awakeUntil = clock.now() + AWAKE_MS;
    if (asleep) clock.soon(this.#look);
  }

  readonly #look = () => {
    const { clock } = this.#probing;
    const expecting = this.#tracker.waiting > 0 && !this.#stopping;
    if (expecting && clock.now() < this.#awakeUntil) clock.soon(this.#look);
    else this.#awakeUntil = 0;
  };

  async #until(moment: number): Promise<void> {
    const { clock, interval, before } = this.#probing;
    const { signal } = this.#stopSignal;
    const left = moment - clock.now();
    if (!before || (interval > 0 && left < READY_MS)) {
      return left > 0 ? await delay(left, { clock, signal }) : undefined;
    }
    if (left > READY_MS) await delay(left - READY_MS, { clock, signal });
    await before();
    await until(clock, moment);
  }

  // Waits until every message is answered or given up.
  async #settle(): Promise<void> {
    while (this.#tracker.waiting > 0 && !this.#stopping) {
      this.#settled = Promise.withResolvers();
      await this.#settled.promise;
    }
  }

  // One timer, for the oldest message.
  #expect(): void {
    const since = this.#tracker.waitingSince;
    if (this.#cancelExpiry || this.#stopping || since === undefined) return;
    const { clock, timeout, onLost } = this.#probing;
    this.#cancelExpiry = clock.after(Math.max(0, since + timeout - clock.now()), () => {
      this.#cancelExpiry = undefined;
      const lost = this.#tracker.giveUp(clock.now() - timeout);
      for (const number of lost) {
        this.#dialogue.lost?.(number);
        onLost(number);
      }
      // On a stream, a message that cannot be written will not be answered.
      if (lost.includes(this.#writing) && !this.#peer.framed) {
        return this.#stopped.reject(NOT_READING);
      }
      this.#expect();
      this.#settled.resolve();
    });
  }

  async #receive(): Promise<void> {
    const { clock } = this.#probing;
    const peer = this.#peer;
    for (let chunk = await peer.read(); chunk; chunk = await peer.read()) {
      this.#arrivedAt = clock.now();
      this.#dialogue.received(chunk);
      if (this.#tracker.waiting === 0) this.#settled.resolve();
    }
  }

  #judge(answer: Omit<Reply, keyof Judgement | "roundTrip">): void {
    if (this.#stopping) return;
    const { tally, onReply } = this.#probing;
    const judgement = this.#tracker.answered(answer.number);
    const { standing, reordered, sentAt } = judgement;
    const { counts } = tally;
    const roundTrip = this.#arrivedAt - sentAt;
    if (standing === "unknown") counts.unknown++;
    else if (standing === "duplicate") counts.duplicated++;
    else {
      counts.received++;
      if (standing === "late") {
        counts.late++;
        tally.takeBack();
      }
      if (reordered) counts.reordered++;
      if (!answer.intact) counts.corrupt++;
      else tally.record(roundTrip);
    }
    onReply({ ...judgement, ...answer, ...(standing !== "unknown" && { roundTrip }) });
    if (standing === "unknown" && !this.#peer.framed) throw UNASKED_ANSWER;
  }
}
