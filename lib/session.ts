/** One connection, from its acceptance to its last byte. */
import type { Clock } from "./clock.ts";
import { explain, isReset } from "./errors.ts";
import type { CloseReason } from "./events/event.ts";
import type { Log } from "./events/log.ts";
import type { Duplex, Traffic } from "./net/duplex.ts";
import type { Service } from "./services/service.ts";
import { formatDuration } from "./units.ts";

/** What all sessions of a server share. */
export interface SessionContext {
  readonly service: Service;
  readonly log: Log;
  readonly clock: Clock;
  /** End a session after this many milliseconds without a byte in either direction. */
  readonly idleTimeout?: number | undefined;
}

/** How a session ended. */
export interface Ending {
  readonly reason: CloseReason;
  readonly detail?: string;
}

/** What a session needs. */
export interface SessionOptions {
  readonly number: number;
  readonly onEnd: (session: Session, ending: Ending) => void;
  readonly context: SessionContext;
}

/** A peer being served. No async function: ten thousand that wait would cost several megabytes. */
export class Session {
  readonly #peer: Duplex;
  readonly #number: number;
  readonly #context: SessionContext;
  readonly #onEnd: (session: Session, ending: Ending) => void;
  readonly #started: number;
  #lastActive: number;
  #cancelTimer: (() => void) | undefined;
  #ended = false;

  /** Begins to serve. `onEnd` is called once, when the peer is closed. */
  constructor(peer: Duplex, { number, onEnd, context }: SessionOptions) {
    const { log, clock, service, idleTimeout } = context;
    this.#peer = peer;
    this.#number = number;
    this.#context = context;
    this.#onEnd = onEnd;
    this.#started = this.#lastActive = clock.now();
    const { local, remote } = peer;
    log.emit({ event: "opened", connection: number, remote, local });
    peer.observe(log.watch(number));
    if (idleTimeout !== undefined) this.#endWhenIdle(idleTimeout);
    service.handle(peer).then(
      () => this.end({ reason: "eof" }),
      (error) => this.end(endingOf(error)),
    );
  }

  /** What has passed so far. */
  get traffic(): Traffic {
    return this.#peer.traffic;
  }

  /** Closes the peer, unless the session has ended. */
  end(ending: Ending): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelTimer?.();
    this.#peer.close();
    const { log, clock } = this.#context;
    const { remote } = this.#peer;
    const elapsedMs = clock.now() - this.#started;
    const { received, sent } = this.traffic;
    const connection = this.#number;
    log.emit({ event: "closed", connection, remote, received, sent, elapsedMs, ...ending });
    this.#onEnd(this, ending);
  }

  #endWhenIdle(limit: number): void {
    const { clock } = this.#context;
    const touch = () => {
      this.#lastActive = clock.now();
    };
    this.#peer.observe({ received: touch, sent: touch });
    // One timer, set again for what is left of the time, rather than one for each chunk.
    const check = () => {
      const left = this.#lastActive + limit - clock.now();
      if (left > 0) this.#cancelTimer = clock.after(left, check);
      else this.end({ reason: "idle", detail: `idle for ${formatDuration(limit)}` });
    };
    check();
  }
}

function endingOf(error: unknown): Ending {
  return isReset(error) ? { reason: "reset" } : { reason: "error", detail: explain(error) };
}
