/** The options of a test of throughput. */
import { loadOptions } from "../bench/options.ts";
import { count, flag, text, type Values } from "../cli/options.ts";
import { UsageError } from "../core/errors.ts";
import { parseDuration, parseSize } from "../core/units.ts";
import { deliveryOptions } from "../report/deliver.ts";
import { maxDatagramBytes } from "../net/datagram_size.ts";
import { bitRate } from "../probe/rate.ts";
import {
  DATAGRAM_BYTES,
  isDatagramSize,
  MAX_BLOCK_BYTES,
  MAX_STREAMS,
  MIN_DATAGRAM_BYTES,
  STREAM_BLOCK_BYTES,
  type TestParameters,
} from "../throughput/parameters.ts";
import { DEFAULT_PORT } from "../throughput/protocol.ts";
import { verifyOptions } from "./mode.ts";

const DURATION_MS = 10_000;
const DATAGRAM_RATE = 1_000_000; // bits a second: UDP has no congestion control

/** The options of the throughput mode. */
export const throughputOptions = {
  throughput: flag({
    summary: "measure what passes to a server of iperf3 or of netecho (=iperf3); over " +
      `udp:// in datagrams; without a port it is ${DEFAULT_PORT}`,
    excludes: ["show"],
  }),
  reverse: flag({ summary: "have the server send", excludes: ["bidir"] }),
  bidir: flag({ summary: "send and receive at once" }),
  parallel: count({ summary: "use N streams, each way", initial: 1, most: MAX_STREAMS }),
  bytes: text({
    summary: "end after SIZE bytes in each direction, all streams together",
    placeholder: "SIZE",
    read: readTotal,
    excludes: ["duration", "omit"],
  }),
  omit: text({
    summary: "run for D before measuring, in whole seconds",
    placeholder: "D",
    read: readOmission,
    initial: 0,
  }),
  length: text({
    summary: "send blocks of SIZE bytes (default 128KiB; over UDP datagrams of 1460)",
    placeholder: "SIZE",
    read: readLength,
  }),
  rate: loadOptions.rate,
  duration: loadOptions.duration,
  underLoad: loadOptions.underLoad,
  ...verifyOptions,
  json: deliveryOptions.json,
  report: deliveryOptions.report,
};

/**
 * The test that the options ask for.
 *
 * @throws {UsageError} where they contradict each other
 */
export function parametersFor(
  { reverse, bidir, parallel, bytes, omit, length, rate, duration, verify }: Values<
    typeof throughputOptions
  >,
  { connectionless }: { readonly connectionless: boolean },
): TestParameters {
  const blockBytes = length ?? (connectionless ? DATAGRAM_BYTES : STREAM_BLOCK_BYTES);
  if (connectionless && !isDatagramSize(blockBytes)) {
    throw new UsageError(
      `Option --length: a datagram has ${MIN_DATAGRAM_BYTES} to ${maxDatagramBytes("")} bytes here`,
    );
  }
  return {
    protocol: connectionless ? "udp" : "tcp",
    directions: bidir ? "both" : reverse ? "down" : "up",
    streams: parallel,
    duration: duration ?? DURATION_MS,
    omit,
    bytes,
    blockBytes,
    bitsPerSecond: bitRate(rate) ?? (connectionless ? DATAGRAM_RATE : undefined),
    wideNumbers: connectionless,
    check: verify,
    tellsCookie: true,
    ignored: [],
  };
}

// The protocol has no finer unit, and both sides must begin at the same time.
function readOmission(given: string): number {
  const milliseconds = parseDuration(given);
  if (milliseconds % 1000 === 0) return milliseconds;
  throw new UsageError(`whole seconds are needed, as in 2s, not "${given}"`);
}

function readTotal(given: string): number {
  const bytes = parseSize(given);
  if (bytes > 0) return bytes;
  throw new UsageError(`a size above 0 is needed, not "${given}"`);
}

function readLength(given: string): number {
  const bytes = parseSize(given);
  if (bytes > 0 && bytes <= MAX_BLOCK_BYTES) return bytes;
  throw new UsageError(`a size from 1 byte to 1MiB is needed, not "${given}"`);
}
