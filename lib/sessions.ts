/** The sessions of a server: begun within limits, drained, ended. */
import type { CloseReason } from "./events/event.ts";
import type { Duplex } from "./net/duplex.ts";
import { type Ending, Session, type SessionContext } from "./session.ts";

/** The open sessions. */
export class Sessions {
  readonly #context: SessionContext;
  readonly #limit: number;
  readonly #open = new Set<Session>();
  #drained: (() => void) | undefined;

  constructor({ limit = Infinity, ...context }: SessionContext & { limit?: number | undefined }) {
    this.#context = context;
    this.#limit = limit;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Serves a peer, or closes it where the limit is reached. Resolves when it has ended. */
  async serve(peer: Duplex): Promise<Ending | undefined> {
    const { totals, log } = this.#context;
    if (this.#open.size >= this.#limit) {
      totals.refused++;
      log.emit({ event: "refused", remote: peer.remote, limit: this.#limit });
      peer.close();
      return undefined;
    }
    const session = new Session(peer, ++totals.connections, this.#context);
    totals.open++;
    this.#open.add(session);
    const ending = await session.run();
    this.#open.delete(session);
    totals.open--;
    if (this.#open.size === 0) this.#drained?.();
    return ending;
  }

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
