/**
 * The result of a load as JSON: the one definition from which its TypeScript type, its reader and
 * its JSON schema (`.github/bench-1.schema.json`) are made. Times are in milliseconds.
 */
import * as v from "valibot";
import { SCHEMA_VERSION } from "./schema_version.ts";

const text = v.string();
const amount = v.pipe(v.number(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const positive = v.pipe(v.number(), v.integer(), v.minValue(1));

function described<const S extends v.GenericSchema>(schema: S, description: string) {
  return v.pipe(schema, v.description(description));
}

const percentiles = {
  p50: amount,
  p75: amount,
  p90: amount,
  p95: amount,
  p99: amount,
  "p99.9": amount,
  "p99.99": amount,
  "p99.999": amount,
};

const distribution = v.object({
  count,
  minMs: described(amount, "as the mean and the maximum, of what was answered alone"),
  meanMs: amount,
  maxMs: amount,
  deviationMs: amount,
  percentilesMs: described(
    v.object(percentiles),
    "of all requests in `latency`, of what has an answer elsewhere; 1.7976931348623157e308 where " +
      "so many failed, or were never sent or answered",
  ),
  curve: described(
    v.array(v.strictTuple([v.pipe(amount, v.maxValue(100)), amount])),
    "percent, and the latency that so many do not exceed; finer towards 100",
  ),
  bars: described(
    v.array(v.strictTuple([amount, amount, count])),
    "latencies above the first bound and up to the second, and how many there are",
  ),
  hdr: described(text, "HDR histogram in nanoseconds: interchange format V2, compressed, base64"),
});

const slice = v.object({
  atMs: described(amount, "from the beginning of the measurement to the end of the slice"),
  lastedMs: amount,
  answered: described(count, "answers that came in the slice"),
  failed: count,
  maxMs: described(amount, "the greatest latency of these answers, within 1 %; 0 without any"),
  p50Ms: described(v.exactOptional(amount), "absent without answers, or where results were merged"),
  p99Ms: described(v.exactOptional(amount), "absent without answers, or where results were merged"),
});

const load = v.object({
  connections: positive,
  size: described(count, "bytes of a message or, of `exchanges`, of a request at most"),
  pipeline: described(positive, "requests that may wait at once on a connection"),
  rate: described(
    v.exactOptional(amount),
    "requests a second of an open loop; absent in a closed one",
  ),
  duration: described(v.exactOptional(amount), "absent where the number of requests alone ends it"),
  requests: described(v.exactOptional(count), "how many requests to measure"),
  warmup: amount,
  ramp: amount,
  connect: described(v.boolean(), "whether each request has a connection of its own"),
  timeout: amount,
  connectTimeout: amount,
  slice: described(amount, "how long a slice of the timeline lasts"),
  workers: positive,
  exchanges: described(
    v.exactOptional(v.array(v.object({
      send: described(text, "as far as it is shown, with escapes"),
      expect: v.array(text),
      expectBytes: v.exactOptional(positive),
      expectLine: v.exactOptional(v.boolean()),
      weight: amount,
    }))),
    "what is asked; absent for an echo",
  ),
  self: described(v.boolean(), "whether the peer is in the same program"),
});

const search = v.object({
  condition: text,
  trials: v.array(v.object({
    target: amount,
    rate: amount,
    value: described(v.exactOptional(v.number()), "absent where nothing was answered"),
    held: v.boolean(),
  })),
  highest: described(v.exactOptional(amount), "the highest rate that held; absent where none did"),
});

const comparison = v.object({
  name: described(
    text,
    "rate; p50, p99 and max in milliseconds; failed: the share of the requests that failed, or were " +
      "never sent or answered, from 0 to 1",
  ),
  before: v.number(),
  now: v.number(),
  verdict: described(
    v.picklist(["changed", "noise", "unknown"]),
    "whether the runs of --repeat differ by more than chance would have it; without them, whether " +
      "the slices do, and by a quarter at least",
  ),
});

/** The schema of a result. */
export const benchResultSchema = v.object({
  schema: v.literal(SCHEMA_VERSION),
  netecho: described(text, "the version"),
  started: v.pipe(text, v.isoTimestamp()),
  command: text,
  environment: v.object({ os: text, arch: text, cpus: positive, deno: text }),
  address: text,
  load,
  elapsedMs: amount,
  requests: v.object({
    answered: described(count, "requests that were due in the measured time, and were answered"),
    answeredAfter: described(v.exactOptional(count), "of those, how many after the measured time"),
    failed: count,
    inFlight: described(count, "under way at the end"),
    unanswered: described(count, "of those, never answered"),
    unsent: described(count, "due, and never sent because no connection was free"),
  }),
  connections: described(
    v.exactOptional(v.object({
      used: described(count, "connections on which something was answered"),
      leastAnswers: described(count, "of all connections, whether used or not"),
      mostAnswers: count,
      reconnects: described(count, "connections that were made again after they were lost"),
      tcp: described(
        v.exactOptional(v.object({
          connections: described(count, "of how many the system told something at their end"),
          retransmits: described(count, "segments sent again by this side, in their whole life"),
          leastRttMs: described(amount, "of the smoothed round-trip times"),
          mostRttMs: amount,
        })),
        "on Linux, over TCP and TLS",
      ),
    })),
    "in the measured time; absent where each request has a connection of its own",
  ),
  interrupted: v.exactOptional(v.literal(true)),
  gone: described(
    v.exactOptional(v.literal(true)),
    "the peer was gone, so that the rest of the requests was not sent",
  ),
  errors: described(
    v.record(text, count),
    "failures by their kind: of requests, and of connections between requests or that could not be made",
  ),
  rate: described(amount, "answers a second that came in the measured time"),
  latency: described(distribution, "in an open loop from the moment that a request was due"),
  uncorrected: described(
    v.exactOptional(distribution),
    "from the moment that a request was sent; in an open loop alone",
  ),
  parts: described(v.exactOptional(v.record(text, distribution)), "of the time of new connections"),
  timeline: v.array(slice),
  instrument: v.object({
    resolutionMs: described(amount, "the smallest step of the clock"),
    cpu: described(amount, "CPU time of the program for each second, 1 being one core"),
    latenessMs: described(
      v.object({ ...percentiles, max: amount }),
      "open loop: how late requests were sent although a connection was free; closed loop: how " +
        "long a turn of the event loop took",
    ),
    stalledMs: described(
      v.exactOptional(amount),
      "how long the event loop stood still for more than 5 ms at a time, or waited for a CPU, all " +
        "workers together; of several results the greatest",
    ),
    warning: described(
      v.exactOptional(text),
      "why the figures are those of the client rather than of the peer",
    ),
  }),
  underLoad: described(
    v.exactOptional(v.object({ idle: distribution, loaded: v.exactOptional(distribution) })),
    "the round trip on a connection of its own, before the load and under it; without the latter " +
      "where the load was interrupted before it began",
  ),
  search: v.exactOptional(search),
  runs: described(
    v.exactOptional(
      v.array(v.object({
        rate: amount,
        p50Ms: amount,
        p99Ms: amount,
        maxMs: amount,
        failedShare: v.exactOptional(amount),
      })),
    ),
    "the figures of each run of --repeat",
  ),
  comparison: described(v.exactOptional(v.array(comparison)), "beside an earlier result"),
  unlike: described(
    v.exactOptional(v.array(text)),
    "settings in which the earlier result was another one",
  ),
  machines: described(v.exactOptional(positive), "how many results were merged into this one"),
});

/** A result, as the schema has it. */
export type BenchResultJson = v.InferOutput<typeof benchResultSchema>;
