/** One connection, from its acceptance to its last byte. */
import type { Clock } from "./clock.ts";
import { explain, isReset } from "./errors.ts";
import type { CloseReason } from "./events/event.ts";
import type { Log } from "./events/log.ts";
import type { Duplex, Observer } from "./net/duplex.ts";
import type { Service } from "./services/service.ts";
import type { Totals } from "./totals.ts";
import { formatDuration } from "./units.ts";

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

/** A peer being served. */
export class Session {
  readonly peer: Duplex;
  readonly number: number;
  readonly #context: SessionContext;
  readonly #ended = Promise.withResolvers<Ending>();
  #received = 0;
  #sent = 0;
  #lastActive = 0;

  constructor(peer: Duplex, { number, ...context }: SessionContext & { number: number }) {
    this.peer = peer;
    this.number = number;
    this.#context = context;
  }

  /** Serves the peer and closes it. Never rejects. */
  async run(): Promise<Ending> {
    const { log, clock, service } = this.#context;
    const { peer, number: connection } = this;
    const started = this.#lastActive = clock.now();
    const { local, remote } = peer;
    log.emit({ event: "opened", connection, remote, local });
    peer.observer = this.#observer(log.watch(connection));
    const stopWatching = this.#watchIdleness();

    service.handle(peer).then(
      () => this.end({ reason: "eof" }),
      (error) => this.end(endingOf(error)),
    );
    const ending = await this.#ended.promise;

    stopWatching();
    peer.close();
    const elapsed = clock.now() - started;
    const [received, sent] = [this.#received, this.#sent];
    log.emit({ event: "closed", connection, remote, received, sent, elapsed, ...ending });
    return ending;
  }

  /** Ends the session now, unless it has ended. */
  end(ending: Ending): void {
    this.#ended.resolve(ending);
  }

  #observer(watcher: Observer | undefined): Observer {
    const { totals, idleTimeout, clock } = this.#context;
    const touch = () => {
      if (idleTimeout !== undefined) this.#lastActive = clock.now();
    };
    return {
      received: (chunk) => {
        this.#received += chunk.length;
        totals.received += chunk.length;
        totals.chunks++;
        touch();
        watcher?.received(chunk);
      },
      sent: (chunk) => {
        this.#sent += chunk.length;
        totals.sent += chunk.length;
        touch();
        watcher?.sent(chunk);
      },
    };
  }

  // One timer, set again for what is left of the time, rather than one for each chunk.
  #watchIdleness(): () => void {
    const { idleTimeout, clock } = this.#context;
    if (idleTimeout === undefined) return () => {};
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
