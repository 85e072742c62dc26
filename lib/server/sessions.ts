/** The sessions of a server: begun within limits, drained, ended. */
import type { Access } from "./access_list.ts";
import { type Address, isInet } from "../net/address.ts";
import type { CloseReason } from "../log/event.ts";
import type { Traffic } from "../net/duplex.ts";
import type { Arrival } from "../net/transport.ts";
import type { Service } from "./service.ts";
import { type Ending, type Refusal, Session, type SessionContext } from "./session.ts";
import { formatMany } from "../core/units.ts";

/** Who may connect, and how many. */
export interface Limits {
  readonly access?: Access | undefined;
  /** Serve at most this many at once. */
  readonly connections?: number | undefined;
  /** Serve at most this many of one host at once. */
  readonly connectionsPerHost?: number | undefined;
}

/** How sessions are limited and watched. */
export interface SessionsOptions extends Limits {
  readonly onOpen?: () => void;
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

/** The open sessions, and those on their way to be. */
export class Sessions {
  readonly #context: SessionContext;
  readonly #options: SessionsOptions;
  readonly #open = new Set<Session>();
  // Where per-host limits ask: the sessions of each host, and the host that a session counts for.
  readonly #ofHost = new Map<string, number>();
  readonly #hosts = new Map<Session, string>();
  #drained: (() => void) | undefined;
  #connections = 0;
  #refused = 0;
  #past: Traffic = { received: 0, sent: 0, chunks: 0 }; // of the sessions that have ended

  constructor(context: SessionContext, options: SessionsOptions = {}) {
    this.#context = context;
    this.#options = options;
  }

  get totals(): Totals {
    const traffic = this.#open.values().reduce((all, { traffic }) => sum(all, traffic), this.#past);
    const { size: open } = this.#open;
    return { connections: this.#connections, open, refused: this.#refused, ...traffic };
  }

  /** Serves a peer, or sends it away where it may not connect. */
  serve(arrival: Arrival, service: Service): void {
    // Behind a proxy, who it is comes to light when it opens.
    const refusal = this.#overLimit() ??
      (arrival.proxied ? undefined : this.#judge(arrival.remote));
    if (refusal) {
      this.#refused++;
      this.#context.log.emit({ event: "refused", remote: arrival.remote, ...refusal });
      return arrival.close();
    }
    const [context, onOpen, onEnd] = [this.#context, this.#onOpen, this.#onEnd];
    const session = new Session(arrival, { service, context, onOpen, onEnd });
    if (!arrival.proxied) this.#countHost(session, arrival.remote);
    this.#open.add(session);
    session.begin();
  }

  #overLimit(): Refusal | undefined {
    const { connections = Infinity } = this.#options;
    if (this.#open.size < connections) return undefined;
    return { reason: "limit", detail: openAlready(connections) };
  }

  // Unix sockets have no hosts.
  #judge(remote: Address): Refusal | undefined {
    const { access, connectionsPerHost = Infinity } = this.#options;
    if (!isInet(remote)) return undefined;
    const { hostname } = remote;
    const denied = access?.denies(hostname);
    if (denied) return { reason: "denied", detail: denied };
    if ((this.#ofHost.get(hostname) ?? 0) < connectionsPerHost) return undefined;
    return { reason: "host-limit", detail: `${openAlready(connectionsPerHost)} from ${hostname}` };
  }

  #countHost(session: Session, remote: Address): void {
    if (this.#options.connectionsPerHost === undefined || !isInet(remote)) return;
    this.#hosts.set(session, remote.hostname);
    this.#ofHost.set(remote.hostname, (this.#ofHost.get(remote.hostname) ?? 0) + 1);
  }

  #uncountHost(session: Session): void {
    const hostname = this.#hosts.get(session);
    if (hostname === undefined) return;
    this.#hosts.delete(session);
    const left = this.#ofHost.get(hostname)! - 1;
    if (left > 0) this.#ofHost.set(hostname, left);
    else this.#ofHost.delete(hostname);
  }

  readonly #onOpen = (session: Session, remote: Address): number | Refusal => {
    if (session.proxied) {
      const refusal = this.#judge(remote);
      if (refusal) return refusal;
      this.#countHost(session, remote);
    }
    this.#options.onOpen?.();
    return ++this.#connections;
  };

  readonly #onEnd = (session: Session, ending?: Ending): void => {
    this.#open.delete(session);
    this.#uncountHost(session);
    this.#past = sum(this.#past, session.traffic);
    if (ending) this.#options.onEnd?.(ending);
    else this.#refused++;
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

function openAlready(count: number): string {
  return `${formatMany(count, "connection")} open already`;
}

function sum(one: Traffic, other: Traffic): Traffic {
  return {
    received: one.received + other.received,
    sent: one.sent + other.sent,
    chunks: one.chunks + other.chunks,
  };
}
