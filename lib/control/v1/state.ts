/** All that can be seen of a server, and then what changes of it, in one stream. */
import { eventStream, type MessageSource, messageText } from "../event_stream.ts";
import type { NumberedEvent } from "../event_ring.ts";
import type { RouteRequest } from "../http.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import { sampleOf } from "../samples.ts";
import { type EndpointJson, endpointJson } from "./endpoint_json.ts";
import type { V1Context } from "./context.ts";
import { sessionJson } from "./sessions.ts";
import type { SessionTraffic, StateMessage } from "./state_message.ts";
import program from "../../../deno.json" with { type: "json" };

// After these an endpoint may be another one.
const CHANGES: readonly string[] = ["listening", "disabled", "changed"];

/**
 * The state and its changes as server-sent events. The id of a message is `INSTANCE-NUMBER`: behind
 * `Last-Event-ID` of this server the stream goes on without a gap, where the events are still kept;
 * else it begins with the state again.
 */
export function stateAnswer({ headers }: RouteRequest, context: V1Context): Response {
  const [, instance, number] = /^([\w-]+)-(\d+)$/.exec(headers.get("last-event-id") ?? "") ?? [];
  const { ring, server: { context: { clock } } } = context;
  const goesOn = instance === context.instance && Number(number) >= ring.first - 1 &&
    Number(number) < ring.next;
  return eventStream(new StateSource(context, goesOn ? Number(number) + 1 : undefined), clock);
}

class StateSource implements MessageSource {
  readonly #context: V1Context;
  #next: number | undefined; // event; undefined where the state is to be told first
  #sampled = 0; // time of the last sample that was told
  readonly #traffic = new Map<number, number>(); // bytes told, by connection

  constructor(context: V1Context, next: number | undefined) {
    this.#context = context;
    this.#next = next;
  }

  get over(): boolean {
    return this.#context.ring.closed;
  }

  changed(): Promise<void> {
    return this.#context.ring.changed();
  }

  // A sample tells of sessions whose events have been told: all of them are, before it.
  take(): string {
    if (this.#next === undefined || this.#next < this.#context.ring.first) return this.#state();
    return this.#events(this.#next) + this.#sample();
  }

  #state(): string {
    const { server, ring, samples, instance, started } = this.#context;
    this.#next = ring.next;
    this.#sampled = samples.all.at(-1)!.time;
    this.#traffic.clear();
    const state: StateMessage["state"] = {
      instance,
      version: program.version,
      seed: server.seed,
      started,
      host: hostname(),
      endpoints: [...server.endpoints].map((endpoint) => this.#endpoint(endpoint)),
      sessions: [...server.sessions()].flatMap(({ state }) => state ? [sessionJson(state)] : []),
      samples: samples.all,
    };
    return this.#message(JSON.stringify({ state }));
  }

  #events(next: number): string {
    const events = this.#context.ring.read(next);
    if (events.length === 0) return "";
    this.#next = events.at(-1)!.number + 1;
    const list = events.map(({ json }) => json).join(",");
    const changed = JSON.stringify(this.#changedEndpoints(events));
    return this.#message(`{"events":[${list}],"endpoints":${changed}}`);
  }

  // As they are now, which may be later than the event.
  #changedEndpoints(events: readonly NumberedEvent[]): StateMessage["endpoints"] {
    const { server } = this.#context;
    const changes = events.filter(({ name }) => CHANGES.includes(name));
    const names = new Set(changes.flatMap(({ endpoint }) => endpoint ?? []));
    return [...names].map((name): EndpointJson | { name: string; removed: true } => {
      const endpoint = server.find(name);
      return endpoint ? this.#endpoint(endpoint) : { name, removed: true };
    });
  }

  #sample(): string {
    const { server, samples, counts } = this.#context;
    const all = samples.all.at(-1)!;
    if (all.time === this.#sampled) return "";
    this.#sampled = all.time;
    const message: StateMessage = {
      sample: {
        all,
        endpoints: [...server.endpoints].map(({ name, totals }) => ({
          name,
          ...sampleOf(totals, { time: all.time, faults: counts.struck(name) }),
        })),
        sessions: [...this.#changedTraffic()],
      },
    };
    return this.#message(JSON.stringify(message));
  }

  *#changedTraffic(): Iterable<SessionTraffic> {
    for (const { connection, traffic: { received, sent } } of this.#context.server.sessions()) {
      const sum = received + sent;
      if (connection === 0 || (this.#traffic.get(connection) ?? 0) === sum) continue;
      this.#traffic.set(connection, sum);
      yield [connection, received, sent];
    }
  }

  #endpoint(endpoint: Endpoint): EndpointJson {
    const { counts, server: { context: { clock } } } = this.#context;
    return endpointJson(endpoint, { counts, time: clock.wallTime() });
  }

  #message(data: string): string {
    return messageText({ id: `${this.#context.instance}-${this.#next! - 1}`, data });
  }
}

function hostname(): string {
  try {
    return Deno.hostname();
  } catch {
    return ""; // the program may not ask
  }
}
