/** Where and how something is measured. */
import { type Address, formatAddress } from "../address.ts";
import config from "../../deno.json" with { type: "json" };
import type { Setting } from "./result.ts";

/** The setting of a measurement that begins now. */
export function setting(
  { address, args }: { readonly address: Address; readonly args: readonly string[] },
): Setting {
  const { version: { deno }, build: { os, arch } } = Deno;
  return {
    netecho: config.version,
    started: new Date().toISOString(),
    command: ["netecho", "client", ...args].map(quoted).join(" "),
    environment: { os, arch, cpus: navigator.hardwareConcurrency, deno },
    address: formatAddress(address),
  };
}

// As a shell would take it.
function quoted(word: string): string {
  return /^[\w@%+=:,./[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
