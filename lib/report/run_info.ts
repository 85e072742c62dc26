/** Where and how something is measured. */
import { type Address, formatAddress } from "../net/address.ts";
import config from "../../deno.json" with { type: "json" };
import type { Clock } from "../core/clock.ts";
import type { RunInfo } from "./result.ts";

/** The setting of a measurement that begins now. */
export function runInfo(
  { address, args, clock }: {
    readonly address: Address;
    readonly args: readonly string[];
    readonly clock: Pick<Clock, "wallTime">;
  },
): RunInfo {
  const { version: { deno }, build: { os, arch } } = Deno;
  return {
    netecho: config.version,
    started: new Date(clock.wallTime()).toISOString(),
    command: ["netecho", "client", ...args].map(quoted).join(" "),
    environment: { os, arch, cpus: navigator.hardwareConcurrency, deno },
    address: formatAddress(address),
  };
}

// As a shell would take it.
function quoted(word: string): string {
  return /^[\w@%+=:,./[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
