/** The sessions of a server: begun within limits, drained, ended. */
import type { CloseReason } from "./events/event.ts";
import type { Duplex, Traffic } from "./net/duplex.ts";
import { type Ending, Session, type SessionContext } from "./session.ts";

/** How sessions are limited and watched. */
export interface SessionsOptions {
  /** Serve at most this many at once. */
  readonly limit?: number | undefined;
  readonly onEnd?: (ending: Ending) => void;
}

/** What a server has done so far: connections, and the chunks and bytes that they moved. */
export interface Totals extends Traffic {
  /** Connections served, the open ones included. */
  readonly connections: number;
  readonly open: number;
  /** Connections closed unserved. */
  readonly refused: number;
}

/** The open sessions. */
export class Sessions {
  readonly #context: SessionContext;
  readonly #limit: number;
  readonly #onSessionEnd: (ending: Ending) => void;
  readonly #open = new Set<Session>();
  #drained: (() => void) | undefined;
  #connections = 0;
  #refused = 0;
  #past: Traffic = { received: 0, sent: 0, chunks: 0 }; // of the sessions that have ended

  constructor(context: SessionContext, { limit = Infinity, onEnd = () => {} }: SessionsOptions) {
    this.#context = context;
    this.#limit = limit;
    this.#onSessionEnd = onEnd;
  }

  get totals(): Totals {
    const traffic = this.#open.values().reduce((all, { traffic }) => sum(all, traffic), this.#past);
    const { size: open } = this.#open;
    return { connections: this.#connections, open, refused: this.#refused, ...traffic };
  }

  /** Serves a peer, or closes it where the limit is reached. */
  serve(peer: Duplex): void {
    if (this.#open.size >= this.#limit) {
      this.#refused++;
      this.#context.log.emit({ event: "refused", remote: peer.remote, limit: this.#limit });
      peer.close();
      return;
    }
    const number = ++this.#connections;
    this.#open.add(new Session(peer, { number, onEnd: this.#onEnd, context: this.#context }));
  }

  readonly #onEnd = (session: Session, ending: Ending): void => {
    this.#open.delete(session);
    this.#past = sum(this.#past, session.traffic);
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

function sum(one: Traffic, other: Traffic): Traffic {
  return {
    received: one.received + other.received,
    sent: one.sent + other.sent,
    chunks: one.chunks + other.chunks,
  };
}
