/** Serving one connection, and then no other (`--once`). */
import type { Traffic } from "../net/duplex.ts";
import type { Ending } from "./session.ts";

/**
 * Waits for the one session that counts: the first that moves a byte, either way. Until then a
 * silent peer, such as a port scan or a health check, does not take the only place; a session that
 * the server ends itself (idle, a fault, an error) counts as well, while no other has moved a byte.
 */
export class OneSession {
  readonly #onFound: () => void;
  readonly #ended = Promise.withResolvers<Ending>();
  #found = false;

  /** @param onFound called when the session that counts has moved its first byte */
  constructor(onFound: () => void) {
    this.#onFound = onFound;
  }

  /** Resolves when it has ended. */
  get ended(): Promise<Ending> {
    return this.#ended.promise;
  }

  /** Bytes of a session move. */
  readonly onActive = (): void => {
    if (this.#found) return;
    this.#found = true;
    this.#onFound();
  };

  /** A session has ended. */
  readonly onEnd = (ending: Ending, { received, sent }: Traffic): void => {
    const byPeer = ending.reason === "eof" || ending.reason === "reset";
    if (received + sent > 0 || (!this.#found && !byPeer)) this.#ended.resolve(ending);
  };
}
