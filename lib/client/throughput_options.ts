/** The options of a test of throughput. */
import { loadOptions } from "../bench/options.ts";
import { count, duration, flag, text } from "../cli/options.ts";
import { UsageError } from "../core/errors.ts";
import { parseSize } from "../core/units.ts";
import { deliveryOptions } from "../report/deliver.ts";
import { DEFAULT_PORT } from "../throughput/protocol.ts";
import { verifyOptions } from "./mode.ts";

const MAX_BLOCK_BYTES = 2 ** 20; // as iperf3's servers have it

/** The options of the throughput mode. */
export const throughputOptions = {
  throughput: flag({
    summary: "measure what passes to a server of iperf3 or of netecho (=iperf3); over " +
      `udp:// in datagrams; without a port it is ${DEFAULT_PORT}`,
    excludes: ["show"],
  }),
  reverse: flag({ summary: "have the server send", excludes: ["bidir"] }),
  bidir: flag({ summary: "send and receive at once" }),
  parallel: count({ summary: "use N streams, each way", initial: 1, most: 128 }),
  bytes: text({
    summary: "end after SIZE bytes, all streams together",
    placeholder: "SIZE",
    read: readTotal,
    excludes: ["duration", "omit"],
  }),
  omit: duration({ summary: "run for D before measuring", initial: 0 }),
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
