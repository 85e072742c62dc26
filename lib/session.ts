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

/** A peer being served. It observes its own connection, to count what passes. */
export class Session implements Observer {
  readonly peer: Duplex;
  readonly number: number;
  readonly #context: SessionContext;
  #end: (ending: Ending) => void = () => {};
  #watcher: Observer | undefined;
  #received = 0;
  #sent = 0;
  #lastActive = 0;

  constructor(peer: Duplex, number: number, context: SessionContext) {
    this.peer = peer;
    this.number = number;
    this.#context = context;
  }

  /** Serves the peer and closes it. Never rejects. */
  async run(): Promise<Ending> {
    const { log, clock } = this.#context;
    const { peer, number: connection } = this;
    const { local, remote } = peer;
    const started = this.#lastActive = clock.now();
    log.emit({ event: "opened", connection, remote, local });
    this.#watcher = log.watch(connection);
    peer.observer = this;
    const stopWatching = this.#watchIdleness();
    const ending = await this.#serve();
    stopWatching?.();
    peer.close();
    const elapsed = clock.now() - started;
    const [received, sent] = [this.#received, this.#sent];
    log.emit({ event: "closed", connection, remote, received, sent, elapsed, ...ending });
    return ending;
  }

  /** Ends the session now, unless it has ended. */
  end(ending: Ending): void {
    this.#end(ending);
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

  // Whichever is first: the service is done, or somebody ends the session.
  #serve(): Promise<Ending> {
    return new Promise((resolve) => {
      this.#end = resolve;
      this.#context.service.handle(this.peer).then(
        () => resolve({ reason: "eof" }),
        (error) => resolve(endingOf(error)),
      );
    });
  }

  #touch(): void {
    const { idleTimeout, clock } = this.#context;
    if (idleTimeout !== undefined) this.#lastActive = clock.now();
  }

  // One timer, set again for what is left of the time, rather than one for each chunk.
  #watchIdleness(): (() => void) | undefined {
    const { idleTimeout, clock } = this.#context;
    if (idleTimeout === undefined) return undefined;
    let cancel = () => {};
    const check = () => {
      const left = this.#lastActive + idleTimeout - clock.now();
      if (left > 0) cancel = clock.after(left, check);
      else this.end({ reason: "idle", detail: `idle for ${formatDuration(idleTimeout)}` });
    };
    check();
    return () => cancel();
  }
}

function endingOf(error: unknown): Ending {
  return isReset(error) ? { reason: "reset" } : { reason: "error", detail: explain(error) };
}
