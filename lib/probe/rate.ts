/** The option for a rate, of requests or of bits. */
import { UsageError } from "../core/errors.ts";
import { text } from "../cli/options.ts";
import { parseBitRate, parseFrequency } from "../core/units.ts";

/** So many of something in a second. */
export interface Rate {
  readonly perSecond: number;
  readonly of: "requests" | "bits";
}

/** The option. */
export const rateOption = text({
  summary: "open loop: send R requests a second, each when it is due and a connection has room; " +
    "latency counts from when it was due (default: closed loop, as fast as answers come); with " +
    "--throughput, send R bits a second on each stream, as in 50Mbit/s (default: no limit; over " +
    "UDP 1Mbit/s)",
  placeholder: "R",
  read: readRate,
  excludes: ["find"],
});

/** @throws {UsageError} for a rate of bits */
export function requestRate(rate: Rate | undefined): number | undefined {
  if (!rate || rate.of === "requests") return rate?.perSecond;
  throw new UsageError("Option --rate: a load is of requests a second, as in 500/s");
}

/** @throws {UsageError} for a rate of requests */
export function bitRate(rate: Rate | undefined): number | undefined {
  if (!rate || rate.of === "bits") return rate?.perSecond;
  throw new UsageError("Option --rate: a throughput is of bits a second, as in 50Mbit/s");
}

function readRate(given: string): Rate {
  const bits = parseBitRate(given);
  if (bits === 0) throw new UsageError(`a rate above 0 such as 50Mbit/s is needed, not "${given}"`);
  if (bits) return { perSecond: bits, of: "bits" };
  if (/^\d/.test(given)) return { perSecond: parseFrequency(given), of: "requests" };
  throw new UsageError(`a rate such as 500/s, 20k/s or 50Mbit/s is needed, not "${given}"`);
}
