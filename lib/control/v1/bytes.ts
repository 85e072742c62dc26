/** The bytes of one connection as they pass. */
import type { Clock } from "../../core/clock.ts";
import type { Direction } from "../../log/event.ts";
import type { Observer } from "../../net/duplex.ts";
import type { Session } from "../../server/session.ts";
import { eventStream, type MessageSource, messageText } from "../event_stream.ts";

// What a reader is told at most: more than a person sees, and little beside what a server moves.
const MAX_BYTES_PER_SECOND = 2 ** 20;
const MAX_QUEUED_BYTES = 2 ** 18;

/** The messages of `GET /v1/sessions/{session}/bytes`. Times are milliseconds since 1970. */
export type BytesMessage =
  | {
    readonly direction: Direction;
    readonly time: number;
    /** Bytes of this direction before these. */
    readonly offset: number;
    /** Base64 (RFC 4648). */
    readonly bytes: string;
  }
  | {
    readonly direction: Direction;
    readonly time: number;
    readonly offset: number;
    /** How many bytes passed that are not told, as they came faster than they can be shown. */
    readonly skipped: number;
  }
  | {
    /** The direction that has ended; absent where this side has closed the connection. */
    readonly direction?: Direction;
    readonly time: number;
    readonly end: "fin" | "reset" | "closed";
  };

/** The bytes of a session from now on, as server-sent events; the session never waits for them. */
export function bytesAnswer(
  session: Session,
  { clock, stopping }: { readonly clock: Clock; readonly stopping: AbortSignal },
): Response {
  return eventStream(new BytesSource(session, { clock, stopping }), clock);
}

class BytesSource implements MessageSource {
  readonly #clock: Clock;
  readonly #stop: () => void;
  readonly #offsets: Record<Direction, number>;
  readonly #skipped: Record<Direction, number> = { in: 0, out: 0 };
  #messages: BytesMessage[] = [];
  #queued = 0; // bytes
  #allowance = MAX_BYTES_PER_SECOND; // bytes that may be told now
  #allowedAt: number;
  #over = false;
  #wake = Promise.withResolvers<void>();

  constructor(
    session: Session,
    { clock, stopping }: { readonly clock: Clock; readonly stopping: AbortSignal },
  ) {
    this.#clock = clock;
    this.#allowedAt = clock.now();
    const { received, sent } = session.traffic;
    this.#offsets = { in: received, out: sent };
    const finish = () => this.#finish();
    stopping.addEventListener("abort", finish, { once: true });
    const unobserve = session.observe(this.#observer());
    this.#stop = () => {
      stopping.removeEventListener("abort", finish);
      unobserve();
    };
  }

  get over(): boolean {
    return this.#over;
  }

  changed(): Promise<void> {
    return this.#wake.promise;
  }

  take(): string {
    for (const direction of ["in", "out"] as const) this.#tellSkipped(direction);
    const messages = this.#messages;
    [this.#messages, this.#queued] = [[], 0];
    return messages.map((message) => messageText({ data: JSON.stringify(message) })).join("");
  }

  close(): void {
    this.#stop();
  }

  #observer(): Observer {
    const end = (how: "fin" | "reset" | "closed", direction?: Direction) => {
      for (const each of ["in", "out"] as const) this.#tellSkipped(each);
      this.#tell({ ...(direction && { direction }), time: this.#clock.wallTime(), end: how });
    };
    return {
      received: (chunk) => this.#pass("in", chunk),
      sent: (chunk) => this.#pass("out", chunk),
      ended: (how) => end(how, "in"),
      halfClosed: () => end("fin", "out"),
      closed: (how) => {
        end(how);
        this.#finish();
      },
    };
  }

  // As much of a chunk as may be told; the rest of it is skipped.
  #pass(direction: Direction, chunk: Uint8Array): void {
    const told = Math.min(chunk.length, this.#allowed());
    const offset = this.#offsets[direction];
    this.#offsets[direction] += chunk.length;
    if (told > 0 || chunk.length === 0) {
      this.#tellSkipped(direction, offset);
      this.#allowance -= told;
      this.#queued += told;
      const bytes = chunk.subarray(0, told).toBase64();
      this.#tell({ direction, time: this.#clock.wallTime(), offset, bytes });
    }
    this.#skipped[direction] += chunk.length - told;
  }

  #allowed(): number {
    const now = this.#clock.now();
    const gained = (now - this.#allowedAt) * MAX_BYTES_PER_SECOND / 1000;
    this.#allowance = Math.min(MAX_BYTES_PER_SECOND, this.#allowance + gained);
    this.#allowedAt = now;
    return Math.max(0, Math.floor(Math.min(this.#allowance, MAX_QUEUED_BYTES - this.#queued)));
  }

  #tellSkipped(direction: Direction, end = this.#offsets[direction]): void {
    const skipped = this.#skipped[direction];
    if (skipped === 0) return;
    this.#skipped[direction] = 0;
    const time = this.#clock.wallTime();
    this.#tell({ direction, time, offset: end - skipped, skipped });
  }

  #tell(message: BytesMessage): void {
    this.#messages.push(message);
    this.#wakeUp();
  }

  #finish(): void {
    this.#over = true;
    this.#stop();
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}
