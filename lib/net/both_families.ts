/** Listening on every interface where an IPv6 socket takes no IPv4: two sockets, used as one. */

/** The part of a listener of the runtime that is needed here. */
export interface SystemListener<C> {
  readonly addr: Deno.NetAddr;
  accept(): Promise<C>;
  close(): void;
}

/** What a source gave, or failed with. */
type Taken<R> = { readonly result: R } | { readonly error: unknown };

/**
 * Takes from several sources; what one of them gives while another is served waits. A source is asked
 * again when what it gave has been taken.
 */
export class Merged<S, R> {
  readonly #sources: readonly S[];
  readonly #take: (source: S) => Promise<R>;
  readonly #asked = new Set<S>();
  readonly #taken: { readonly source: S; readonly taken: Taken<R> }[] = [];
  #wake = () => {};
  #drop: ((result: R) => void) | undefined;

  constructor(sources: readonly S[], take: (source: S) => Promise<R>) {
    this.#sources = sources;
    this.#take = take;
  }

  /** What is taken next; one call at a time. */
  async next(): Promise<R> {
    for (const source of this.#sources) this.#ask(source);
    while (this.#taken.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    const { source, taken } = this.#taken.shift()!;
    this.#asked.delete(source);
    if ("error" in taken) throw taken.error;
    return taken.result;
  }

  /** Calls `drop` with what was taken and is not wanted any more, now or later. */
  abandon(drop: (result: R) => void): void {
    this.#drop = drop;
    for (const { taken } of this.#taken.splice(0)) if ("result" in taken) drop(taken.result);
  }

  // Not by Promise.race: what is raced again and again keeps what every race has ended with.
  #ask(source: S): void {
    if (this.#asked.has(source)) return;
    this.#asked.add(source);
    const add = (taken: Taken<R>) => {
      if (this.#drop && "result" in taken) return this.#drop(taken.result);
      this.#taken.push({ source, taken });
      this.#wake();
    };
    this.#take(source).then((result) => add({ result }), (error) => add({ error }));
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
