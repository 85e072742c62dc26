/** Listening on every interface where an IPv6 socket takes no IPv4: two sockets, used as one. */

/** The part of a listener of the runtime that is needed here. */
export interface SystemListener<C> {
  readonly addr: Deno.NetAddr;
  accept(): Promise<C>;
  close(): void;
}

interface Settled<S, R> {
  readonly source: S;
  readonly result?: R;
  readonly error?: unknown;
}

/** Takes from several sources in turn; what one of them gives while another is served waits. */
export class Merged<S, R> {
  readonly #sources: readonly S[];
  readonly #take: (source: S) => Promise<R>;
  readonly #pending = new Map<S, Promise<Settled<S, R>>>();

  constructor(sources: readonly S[], take: (source: S) => Promise<R>) {
    this.#sources = sources;
    this.#take = take;
  }

  /** What is taken next. */
  async next(): Promise<R> {
    for (const source of this.#sources) {
      if (this.#pending.has(source)) continue;
      const settled = this.#take(source).then(
        (result) => ({ source, result }),
        (error) => ({ source, error }),
      );
      this.#pending.set(source, settled);
    }
    const first: Settled<S, R> = await Promise.race(this.#pending.values());
    // Behind the others, so that a busy one does not keep them waiting.
    this.#pending.delete(first.source);
    if ("error" in first) throw first.error;
    return first.result!;
  }

  /** Calls `drop` with what was taken and is not wanted any more. */
  abandon(drop: (result: R) => void): void {
    for (const settled of this.#pending.values()) {
      settled.then(({ result }) => result !== undefined && drop(result));
    }
  }
}

/** Accepts from all of some listeners; the address is that of the first. */
export function acceptingFromAll<C extends { close(): void }>(
  listeners: readonly SystemListener<C>[],
): SystemListener<C> {
  const [first] = listeners;
  if (listeners.length === 1) return first!;
  const merged = new Merged(listeners, (listener) => listener.accept());
  return {
    addr: first!.addr,
    accept: () => merged.next(),
    close() {
      for (const listener of listeners) listener.close();
      merged.abandon((conn) => conn.close());
    },
  };
}

/** The part of a datagram socket of the runtime that is needed here. */
export type DatagramSource = Pick<Deno.DatagramConn, "addr" | "receive" | "send" | "close">;

/**
 * Receives from two sockets, the first for IPv6 and the second for IPv4, each into a buffer of
 * `bufferBytes`, and sends by the one for the family. The address is that of the first.
 */
export function receivingFromAll(
  sockets: readonly DatagramSource[],
  bufferBytes: number,
): DatagramSource {
  const [first, second] = sockets;
  if (!second) return first!;
  const buffers = new Map(sockets.map((socket) => [socket, new Uint8Array(bufferBytes)]));
  const merged = new Merged(sockets, (socket) => socket.receive(buffers.get(socket)));
  return {
    addr: first!.addr,
    receive: () => merged.next(),
    send(bytes, to) {
      const isIPv6 = (to as Deno.NetAddr).hostname.includes(":");
      return (isIPv6 ? first! : second).send(bytes, to);
    },
    close() {
      for (const socket of sockets) socket.close();
    },
  };
}
