/** The sessions of an endpoint: begun, counted, drained, ended. */
import type { Traffic } from "../net/duplex.ts";
import type { Arrival } from "../net/transport.ts";
import { type Admission, type Refusal, Ticket } from "./admission.ts";
import { Pacer } from "./pacer.ts";
import { type Ending, NO_TRAFFIC, Session, type SessionContext } from "./session.ts";

// So that a burst leaves turns to those who are open: it is accepted faster than it is served.
const BEGUN_PER_TURN = 2;

/** What is done so far: connections, and the chunks and bytes that they moved. */
export interface Totals extends Traffic {
  /** Connections served, the open ones included. */
  readonly connections: number;
  readonly open: number;
  /** Connections closed unserved. */
  readonly refused: number;
  /** Bytes from upstreams, and to them, where its service has one. */
  readonly upstreamReceived: number;
  readonly upstreamSent: number;
}

/** The totals of several endpoints together. */
export function sumTotals(all: readonly Totals[]): Totals {
  const total = (key: keyof Totals) => all.reduce((sum, totals) => sum + totals[key], 0);
  return {
    ...all.reduce(add, NO_TRAFFIC),
    connections: total("connections"),
    open: total("open"),
    refused: total("refused"),
    upstreamReceived: total("upstreamReceived"),
    upstreamSent: total("upstreamSent"),
  };
}

/** Who is admitted, and who learns of sessions. */
export interface SessionsOptions {
  readonly admission: Admission;
  /** Bytes of a session move, either way. */
  readonly onActive?: (() => void) | undefined;
  /** A peer that was served is closed. */
  readonly onEnd?: ((ending: Ending, traffic: Traffic) => void) | undefined;
}

/** The sessions that are open, those in their handshake included. */
export class Sessions implements Iterable<Session> {
  readonly #contextOf: () => SessionContext;
  readonly #options: SessionsOptions;
  /** Who is admitted from now on. */
  admission: Admission;
  readonly #open = new Map<Session, Ticket>();
  readonly #onDrained: (() => void)[] = [];
  readonly #pacer: Pacer;
  #connections = 0;
  #admitsNoMore: Refusal | undefined;
  #refused = 0;
  #ended = NO_TRAFFIC; // of the sessions that have ended
  #endedUpstream = NO_TRAFFIC;

  /** @param contextOf what the next session works with */
  constructor(contextOf: () => SessionContext, options: SessionsOptions) {
    this.#contextOf = contextOf;
    this.#options = options;
    this.admission = options.admission;
    this.#pacer = new Pacer(BEGUN_PER_TURN, contextOf().server.clock);
  }

  get totals(): Totals {
    const sessions = [...this.#open.keys()];
    const traffic = sessions.map(({ traffic }) => traffic).reduce(add, this.#ended);
    const upstream = sessions.map(({ upstreamTraffic }) => upstreamTraffic)
      .reduce(add, this.#endedUpstream);
    return {
      ...traffic,
      connections: this.#connections,
      open: sessions.length,
      refused: this.#refused,
      upstreamReceived: upstream.received,
      upstreamSent: upstream.sent,
    };
  }

  /** The sessions that are open, in the order in which they began. */
  [Symbol.iterator](): Iterator<Session> {
    return this.#open.keys();
  }

  /** Serves a peer, or closes it where it is not admitted. */
  serve(arrival: Arrival): void {
    const ticket = this.#admitsNoMore ?? this.admission.admit();
    if (!(ticket instanceof Ticket)) return this.#refuse(arrival, ticket);
    // Behind a proxy, the PROXY header says who the peer is.
    const refusal = arrival.proxied ? undefined : ticket.identify(arrival.remote);
    if (!refusal) return this.#begin(arrival, ticket);
    ticket.leave();
    this.#refuse(arrival, refusal);
  }

  /** Refuses everybody from now on, and ends those who have not moved a byte yet. */
  admitNoMore(detail: string): void {
    this.#admitsNoMore = { reason: "limit", detail };
    for (const session of [...this.#open.keys()]) {
      if (!session.active) session.end({ reason: "stopped", detail });
    }
  }

  #refuse(arrival: Arrival, refusal: Refusal): void {
    this.#refused++;
    const { endpoint, service, state, server: { log } } = this.#contextOf();
    log.emit({ event: "refused", endpoint, remote: arrival.remote, ...refusal });
    arrival.close();
    service.refused?.(arrival.remote, state);
  }

  #begin(arrival: Arrival, ticket: Ticket): void {
    const session: Session = new Session(arrival, {
      context: this.#contextOf(),
      onOpen: (remote) => {
        const refusal = arrival.proxied ? ticket.identify(remote) : undefined;
        return refusal ?? ++this.#connections;
      },
      onActive: this.#options.onActive,
      onEnd: (ending) => this.#end(session, ending),
    });
    this.#open.set(session, ticket);
    this.#pacer.run(() => session.begin());
  }

  #end(session: Session, ending: Ending | undefined): void {
    this.#open.get(session)?.leave();
    this.#open.delete(session);
    this.#ended = add(this.#ended, session.traffic);
    this.#endedUpstream = add(this.#endedUpstream, session.upstreamTraffic);
    if (ending) this.#options.onEnd?.(ending, session.traffic);
    else this.#refused++;
    if (this.#open.size > 0) return;
    for (const resolve of this.#onDrained.splice(0)) resolve();
  }

  /** Resolves when none is open. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#open.size === 0) resolve();
      else this.#onDrained.push(resolve);
    });
  }

  /** Ends those that are open, and resolves when each has reported its end. */
  async endAll(ending: Ending): Promise<void> {
    for (const session of [...this.#open.keys()]) session.end(ending);
    await this.drain();
  }
}

function add(one: Traffic, other: Traffic): Traffic {
  return {
    received: one.received + other.received,
    sent: one.sent + other.sent,
    chunks: one.chunks + other.chunks,
  };
}
