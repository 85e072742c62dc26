/** The bytes of one connection as they pass. */
import type { Clock } from "../../core/clock.ts";
import type { Direction } from "../../log/event.ts";
import type { Observer } from "../../net/duplex.ts";
import type { Session } from "../../server/session.ts";
import { eventStream, type MessageSource, messageText } from "../event_stream.ts";

// What a reader is told at most: more than a person sees, and little beside what a server moves.
const MAX_BYTES_PER_SECOND = 2 ** 20;
const MAX_QUEUED_BYTES = 2 ** 18;
const MESSAGE_BYTES = 64; // that a message takes, whatever it says

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
    /** Of how many reads or datagrams. */
    readonly chunks: number;
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

interface Skipped {
  readonly chunks: number;
  readonly bytes: number;
}

const NOTHING: Skipped = { chunks: 0, bytes: 0 };

class BytesSource implements MessageSource {
  readonly #clock: Clock;
  readonly #framed: boolean; // a datagram is told whole, or not at all
  #stop = () => {};
  readonly #offsets: Record<Direction, number>;
  readonly #skipped: Record<Direction, Skipped> = { in: NOTHING, out: NOTHING };
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
    this.#framed = session.framed;
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
    if (this.#over || stopping.aborted) this.#finish(); // before there was something to stop
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
    const room = this.#allowed() - MESSAGE_BYTES;
    const isTold = this.#framed ? chunk.length <= room : room > 0;
    const told = isTold ? Math.min(chunk.length, room) : 0;
    const offset = this.#offsets[direction];
    this.#offsets[direction] += chunk.length;
    if (isTold) {
      this.#tellSkipped(direction, offset);
      this.#allowance -= told + MESSAGE_BYTES;
      this.#queued += told + MESSAGE_BYTES;
      const bytes = chunk.subarray(0, told).toBase64();
      this.#tell({ direction, time: this.#clock.wallTime(), offset, bytes });
    }
    if (isTold && told === chunk.length) return;
    const { chunks, bytes } = this.#skipped[direction];
    this.#skipped[direction] = { chunks: chunks + 1, bytes: bytes + chunk.length - told };
  }

  #allowed(): number {
    const now = this.#clock.now();
    const gained = (now - this.#allowedAt) * MAX_BYTES_PER_SECOND / 1000;
    this.#allowance = Math.min(MAX_BYTES_PER_SECOND, this.#allowance + gained);
    this.#allowedAt = now;
    return Math.max(0, Math.floor(Math.min(this.#allowance, MAX_QUEUED_BYTES - this.#queued)));
  }

  #tellSkipped(direction: Direction, end = this.#offsets[direction]): void {
    const { chunks, bytes: skipped } = this.#skipped[direction];
    if (chunks === 0) return;
    this.#skipped[direction] = NOTHING;
    const time = this.#clock.wallTime();
    this.#tell({ direction, time, offset: end - skipped, skipped, chunks });
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
