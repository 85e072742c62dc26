/** What Prometheus reads, in its text format (version 0.0.4). */
import type { EventCounts } from "./event_counts.ts";
import type { Endpoint } from "../server/endpoint.ts";
import type { LiveServer } from "../server/live_server.ts";
import { sumTotals } from "../server/sessions.ts";
import { isProxy, listenOf, upstreamOf } from "./toxiproxy/words.ts";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** The metrics of a server as text. */
export function metricsText(
  { endpoints }: Pick<LiveServer, "endpoints">,
  counts: EventCounts,
): string {
  return [
    ...ownMetrics([...endpoints], { counts, removed: endpoints.removedTotals }),
    ...toxiproxyMetrics([...endpoints]),
  ]
    .map(textOf).join("");
}

function* ownMetrics(
  endpoints: readonly Endpoint[],
  { counts, removed }: {
    readonly counts: EventCounts;
    readonly removed: ReturnType<typeof sumTotals>;
  },
): Iterable<Metric> {
  const each = (value: (endpoint: Endpoint) => number): Sample[] =>
    endpoints.map((endpoint) => [labelsOf(endpoint), value(endpoint)]);
  const all = endpoints.map((endpoint) => ({
    labels: labelsOf(endpoint),
    totals: endpoint.totals,
  }));
  const total = sumTotals([removed, ...all.map(({ totals }) => totals)]);
  yield {
    name: "netecho_endpoint_enabled",
    type: "gauge",
    help: "Whether the endpoint listens.",
    samples: each(({ listener }) => listener ? 1 : 0),
  };
  for (const [key, help] of TOTALS) {
    const name = `netecho_endpoint_${snake(key)}${key === "open" ? "" : "_total"}`;
    const type = key === "open" ? "gauge" : "counter";
    const samples = all.map(({ labels, totals }): Sample => [labels, totals[key]]);
    yield { name, type, help, samples };
    yield {
      name: name.replace("_endpoint", ""),
      type,
      help: `${help} All endpoints, those that were removed included.`,
      samples: [[{}, total[key]]],
    };
  }
  yield {
    name: "netecho_endpoint_accept_failures_total",
    type: "counter",
    help: "Spells in which connections could not be accepted.",
    samples: each(({ name }) => counts.acceptFailures(name)),
  };
  yield {
    name: "netecho_faults_total",
    type: "counter",
    help: "How often a fault has come into force or struck.",
    samples: endpoints.flatMap((endpoint) =>
      [...counts.faults(endpoint.name)].map(([fault, count]): Sample => [
        { ...labelsOf(endpoint), fault },
        count,
      ])
    ),
  };
}

const TOTALS = [
  ["connections", "Connections served, the open ones included."],
  ["open", "Connections that are open, those in their handshake included."],
  ["refused", "Connections closed unserved."],
  ["received", "Bytes from peers."],
  ["sent", "Bytes to peers."],
  ["chunks", "Reads from peers."],
] as const;

function snake(key: string): string {
  return key === "received" || key === "sent" ? `${key}_bytes` : key;
}

function labelsOf({ name: endpoint, spec: { service } }: Endpoint): Labels {
  return { endpoint, service: service.name };
}

// toxiproxy's own: upstream is the direction from the client.
function toxiproxyMetrics(endpoints: readonly Endpoint[]): Metric[] {
  const proxies = endpoints.filter(isProxy);
  const samples = (direction: "upstream" | "downstream", which: "received" | "sent"): Sample[] =>
    proxies.map((endpoint) => {
      const { received, sent, upstreamReceived, upstreamSent } = endpoint.totals;
      const of = { upstream: [received, upstreamSent], downstream: [upstreamReceived, sent] };
      const labels = {
        direction,
        listener: listenOf(endpoint),
        proxy: endpoint.name,
        upstream: upstreamOf(endpoint),
      };
      return [labels, of[direction][which === "received" ? 0 : 1]!];
    });
  const metric = (which: "received" | "sent"): Metric => ({
    name: `toxiproxy_proxy_${which}_bytes_total`,
    type: "counter",
    help: `Bytes that the proxy has ${which}, by direction.`,
    samples: [...samples("upstream", which), ...samples("downstream", which)],
  });
  return [metric("received"), metric("sent")];
}

function textOf({ name, type, help, samples }: Metric): string {
  const lines = samples.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelText(labels: Labels): string {
  const texts = Object.entries(labels).map(([key, value]) => `${key}="${escaped(value)}"`);
  return texts.length > 0 ? `{${texts.join(",")}}` : "";
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
