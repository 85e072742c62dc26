/** One connection, from its acceptance to its last byte. */
import type { Clock } from "./clock.ts";
import { explain, isReset } from "./errors.ts";
import type { CloseReason } from "./events/event.ts";
import type { Log } from "./events/log.ts";
import type { Duplex, Observer } from "./net/duplex.ts";
import type { Service } from "./services/service.ts";
import { formatDuration } from "./units.ts";

/** What a server has done so far. */
export class Totals {
  /** Connections served, the open ones included. */
  connections = 0;
  open = 0;
  /** Connections closed unserved. */
  refused = 0;
  /** Chunks and bytes that came in, and bytes that went out. */
  chunks = 0;
  received = 0;
  sent = 0;
}

/** What all sessions of a server share. */
export interface SessionContext {
  readonly service: Service;
  readonly log: Log;
  readonly clock: Clock;
  readonly totals: Totals;
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

/**
 * A peer being served. It observes its own connection, to count what passes; it has no async
 * function of its own, as ten thousand that wait would cost several megabytes.
 */
export class Session implements Observer {
  readonly #peer: Duplex;
  readonly #number: number;
  readonly #context: SessionContext;
  readonly #onEnd: (session: Session, ending: Ending) => void;
  readonly #started: number;
  readonly #watcher: Observer | undefined;
  #lastActive: number;
  #cancelTimer: (() => void) | undefined;
  #ended = false;
  #received = 0;
  #sent = 0;

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
    this.#watcher = log.watch(number);
    peer.observer = this;
    if (idleTimeout !== undefined) this.#watchIdleness(idleTimeout);
    service.handle(peer).then(
      () => this.end({ reason: "eof" }),
      (error) => this.end(endingOf(error)),
    );
  }

  /** Closes the peer, unless the session has ended. */
  end(ending: Ending): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelTimer?.();
    this.#peer.close();
    const { log, clock } = this.#context;
    const { remote } = this.#peer;
    const elapsed = clock.now() - this.#started;
    const [connection, received, sent] = [this.#number, this.#received, this.#sent];
    log.emit({ event: "closed", connection, remote, received, sent, elapsed, ...ending });
    this.#onEnd(this, ending);
  }

  received(chunk: Uint8Array): void {
    const { totals } = this.#context;
    this.#received += chunk.length;
    totals.received += chunk.length;
    totals.chunks++;
    this.#touch();
    this.#watcher?.received(chunk);
  }

  sent(chunk: Uint8Array): void {
    this.#sent += chunk.length;
    this.#context.totals.sent += chunk.length;
    this.#touch();
    this.#watcher?.sent(chunk);
  }

  #touch(): void {
    const { idleTimeout, clock } = this.#context;
    if (idleTimeout !== undefined) this.#lastActive = clock.now();
  }

  // One timer, set again for what is left of the time, rather than one for each chunk.
  #watchIdleness(limit: number): void {
    const { clock } = this.#context;
    const left = this.#lastActive + limit - clock.now();
    if (left > 0) this.#cancelTimer = clock.after(left, () => this.#watchIdleness(limit));
    else this.end({ reason: "idle", detail: `idle for ${formatDuration(limit)}` });
  }
}

function endingOf(error: unknown): Ending {
  return isReset(error) ? { reason: "reset" } : { reason: "error", detail: explain(error) };
}
