/** What the page knows of the server: all of it from one stream of messages. */
import type { Firings } from "../event_counts.ts";
import type { Sample } from "../samples.ts";
import type { EndpointJson } from "../v1/endpoint_json.ts";
import type { SessionJson } from "../v1/sessions.ts";
import type { StateMessage } from "../v1/state_message.ts";
import { perSecond } from "./rates.ts";

const MAX_CLOSED = 500; // connections that are shown after their end
const MAX_SAMPLES = 300; // five minutes
const MAX_NAMED_FAULTS = 8; // of one connection

type State = NonNullable<StateMessage["state"]>;
type SampleMessage = NonNullable<StateMessage["sample"]>;
type EventJson = NonNullable<StateMessage["events"]>[number];

/** Bytes a second. */
export interface Rates {
  readonly received: number;
  readonly sent: number;
}

/** An endpoint, and what it does. */
export interface EndpointView extends EndpointJson {
  readonly rates: Rates;
}

/** A connection. Bytes are counts, times milliseconds since 1970. */
export interface ConnectionView extends Omit<SessionJson, "openedAt" | "elapsedMs" | "tcp"> {
  readonly openedAt: number;
  readonly receivedRate: number;
  readonly sentRate: number;
  /** When its rates were told. */
  readonly ratedAt: number;
  readonly tcp?: SessionJson["tcp"];
  /** The faults that struck it, the last ones first. */
  readonly faults: readonly string[];
  readonly closed?: { readonly at: number; readonly reason: string; readonly detail: string };
}

/** What the page shows, as the messages tell it. */
export class Store {
  server: Pick<State, "instance" | "version" | "seed" | "started" | "host"> | undefined;
  readonly endpoints = new Map<string, EndpointView>();
  readonly connections = new Map<number, ConnectionView>();
  readonly samples: Sample[] = [];
  rates: Rates = NO_RATES;
  /** The id of the last message: behind it the stream goes on. */
  last: string | undefined;
  /** Whether the page did not follow for a while, and may begin again. */
  wasAway = false;
  /** How often more happened than the page was told: it was too slow, or too long away. */
  gaps = 0;
  /** Why the stream does not go on; undefined while it does. */
  trouble: string | undefined;
  /** Whether the server asks for a token that the page does not have. */
  asksToken = false;
  readonly #closed: number[] = [];
  readonly #listeners = new Set<() => void>();

  /** Has changes told, until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Tells that something else than the server's state has changed. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Takes a message of the stream. */
  apply({ state, events = [], endpoints = [], sample }: StateMessage): void {
    if (state) this.#begin(state);
    for (const event of events) this.#event(event);
    for (const endpoint of endpoints) {
      const { name } = endpoint;
      if ("removed" in endpoint) this.endpoints.delete(name);
      else this.endpoints.set(name, { ...this.endpoints.get(name) ?? NEW_ENDPOINT, ...endpoint });
    }
    if (sample) this.#sample(sample);
    this.changed();
  }

  /** The time of the server at the last sample, in milliseconds since 1970. */
  get now(): number {
    return this.samples.at(-1)?.time ?? 0;
  }

  /** Takes what was asked for of connections that are seen. */
  refresh(sessions: readonly SessionJson[]): void {
    for (const { connection, tcp, upstream } of sessions) {
      this.#update(connection, { tcp, upstream });
    }
    this.changed();
  }

  #begin({ endpoints, sessions, samples, ...server }: State): void {
    if (this.server?.instance === server.instance && !this.wasAway) this.gaps++;
    this.wasAway = false;
    this.server = server;
    this.endpoints.clear();
    this.connections.clear();
    this.#closed.length = 0;
    for (const endpoint of endpoints) {
      this.endpoints.set(endpoint.name, { ...NEW_ENDPOINT, ...endpoint });
    }
    for (const { openedAt, elapsedMs: _, ...session } of sessions) {
      const faults = session.faults.toReversed().slice(0, MAX_NAMED_FAULTS);
      const view = { ...NEW_CONNECTION, ...session, faults, openedAt: Date.parse(openedAt) };
      this.connections.set(session.connection, view);
    }
    this.samples.splice(0, Infinity, ...samples);
  }

  #event(event: EventJson): void {
    const time = Date.parse(String(event.time));
    const connection = Number(event.connection);
    if (event.event === "opened") this.#opened(event, time);
    if (event.event === "fault") this.#fired(event, time);
    if (event.event !== "closed") return;
    const { received, sent, reason, detail = "" } = event;
    const closed = { at: time, reason: String(reason), detail: String(detail) };
    const bytes = { received: Number(received), sent: Number(sent) };
    if (this.#update(connection, { closed, ...bytes })) this.#closed.push(connection);
    if (this.#closed.length > MAX_CLOSED) this.connections.delete(this.#closed.shift()!);
  }

  #opened(event: EventJson, openedAt: number): void {
    const { connection, endpoint, service, remote, local, via, tls, alpn } =
      event as unknown as SessionJson;
    this.connections.set(connection, {
      ...NEW_CONNECTION,
      ...{ connection, endpoint, service, remote, local, via, tls, alpn, openedAt },
      ...{ upstream: undefined, received: 0, sent: 0 },
    });
  }

  #fired({ connection, endpoint, fault, detail }: EventJson, last: number): void {
    const name = String(fault);
    const { faults = [] } = this.connections.get(Number(connection)) ?? {};
    const others = faults.filter((each) => each !== name).slice(0, MAX_NAMED_FAULTS - 1);
    this.#update(Number(connection), { faults: [name, ...others] });
    const view = this.endpoints.get(String(endpoint));
    if (!view) return;
    const counted = ({ firings }: { readonly firings?: Firings | undefined }): Firings => ({
      count: (firings?.count ?? 0) + 1,
      last,
      detail: String(detail),
    });
    this.endpoints.set(view.name, {
      ...view,
      faults: view.faults.map((each) =>
        each.name === name ? { ...each, firings: counted(each) } : each
      ),
    });
  }

  #sample({ all, endpoints, sessions }: SampleMessage): void {
    this.rates = ratesOf(this.samples.at(-1), all);
    this.samples.push(all);
    if (this.samples.length > MAX_SAMPLES) this.samples.shift();
    for (const { name, ...sample } of endpoints) {
      const view = this.endpoints.get(name);
      if (view) this.endpoints.set(name, { ...view, sample, rates: ratesOf(view.sample, sample) });
    }
    const before = this.samples.at(-2)?.time ?? all.time;
    for (const [connection, received, sent] of sessions) {
      const view = this.connections.get(connection);
      if (!view) continue;
      const seconds = (all.time - Math.max(before, view.openedAt)) / 1000 || 1;
      const receivedRate = (received - view.received) / seconds;
      const sentRate = (sent - view.sent) / seconds;
      this.#update(connection, { received, sent, receivedRate, sentRate, ratedAt: all.time });
    }
  }

  #update(connection: number, change: Partial<ConnectionView>): boolean {
    const view = this.connections.get(connection);
    if (view) this.connections.set(connection, { ...view, ...change });
    return view !== undefined;
  }
}

const NO_RATES: Rates = { received: 0, sent: 0 };
const NEW_ENDPOINT = { rates: NO_RATES };
const NEW_CONNECTION = { receivedRate: 0, sentRate: 0, ratedAt: 0, faults: [] };

function ratesOf(before: Sample | undefined, after: Sample): Rates {
  if (!before) return NO_RATES;
  return {
    received: perSecond("received", { before, after }),
    sent: perSecond("sent", { before, after }),
  };
}
