/** The sessions of a server: begun within limits, drained, ended. */
import type { CloseReason } from "./events/event.ts";
import type { Duplex } from "./net/duplex.ts";
import { type Ending, Session, type SessionContext } from "./session.ts";

/** How sessions are limited and watched. */
export interface SessionsOptions {
  /** Serve at most this many at once. */
  readonly limit?: number | undefined;
  readonly onEnd?: (ending: Ending) => void;
}

/** The open sessions. */
export class Sessions {
  readonly #context: SessionContext;
  readonly #limit: number;
  readonly #onSessionEnd: (ending: Ending) => void;
  readonly #open = new Set<Session>();
  #drained: (() => void) | undefined;

  constructor(context: SessionContext, { limit = Infinity, onEnd = () => {} }: SessionsOptions) {
    this.#context = context;
    this.#limit = limit;
    this.#onSessionEnd = onEnd;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Serves a peer, or closes it where the limit is reached. */
  serve(peer: Duplex): void {
    const { totals, log } = this.#context;
    if (this.#open.size >= this.#limit) {
      totals.refused++;
      log.emit({ event: "refused", remote: peer.remote, limit: this.#limit });
      peer.close();
      return;
    }
    totals.open++;
    const number = ++totals.connections;
    this.#open.add(new Session(peer, { number, onEnd: this.#onEnd, context: this.#context }));
  }

  readonly #onEnd = (session: Session, ending: Ending): void => {
    this.#open.delete(session);
    this.#context.totals.open--;
    this.#onSessionEnd(ending);
    if (this.#open.size === 0) this.#drained?.();
  };

  /** Resolves when none is open. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
      if (this.#open.size === 0) resolve();
    });
  }

  /** Ends those that are left, and resolves when they have said so. */
  async endAll(reason: CloseReason): Promise<void> {
    for (const session of this.#open) session.end({ reason });
    await this.drain();
  }
}
