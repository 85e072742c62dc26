/** Which endpoints the faults of the command line are for. */
import type { Values } from "../cli/options.ts";
import { withPatterns } from "../core/byte_pattern.ts";
import type { Carried } from "../faults/fault.ts";
import type { FaultSpec } from "../faults/parse.ts";
import type { FaultPlan } from "../faults/plan.ts";
import { formatAddress, isTcp } from "../net/address.ts";
import { defaultName, type EndpointSpec } from "./endpoint_spec.ts";
import type { serverOptions } from "./options.ts";

/**
 * Plans the faults that the command line asks for, if any or where they may come later: most servers
 * have none, and are spared the time that loading them takes.
 *
 * @throws {UsageError} where one of them is none, or can never strike
 */
export async function planIfAny(
  specs: readonly EndpointSpec[],
  { fault, faults, seed, live = false, ownFaults = [] }:
    & Pick<Values<typeof serverOptions>, "fault" | "faults" | "seed">
    & {
      /** Whether faults may come later. */
      readonly live?: boolean;
      /** The faults that each endpoint has besides. */
      readonly ownFaults?: readonly (readonly FaultSpec[])[];
    },
): Promise<FaultPlan | undefined> {
  if (fault.length + faults.length + ownFaults.flat().length === 0 && !live) return undefined;
  const { planFaults } = await import("../faults/plan.ts");
  const seedNames = specs.map(({ name, written }) => name ?? written);
  const targets = specs.map(({ name, written, address, ...spec }, index) => ({
    names: [name ?? defaultName(address), written, formatAddress(address), defaultName(address)],
    seedName: uniqueName(seedNames, index),
    carries: carriedBy({ address, ...spec }),
    own: ownFaults[index] ?? [],
  }));
  return await withPatterns(() => planFaults({ fault, faults, seed, targets, live }));
}

/** What the connections of an endpoint carry. */
export function carriedBy(
  { address, transport, service }: Pick<EndpointSpec, "address" | "transport" | "service">,
): readonly Carried[] {
  if (transport.connectionless) return ["datagrams"];
  return service.takesDatagrams && isTcp(address) ? ["streams", "datagrams"] : ["streams"];
}

// Two endpoints on any free port are written alike, but are to differ by chance.
function uniqueName(names: readonly string[], index: number): string {
  const before = names.slice(0, index).filter((name) => name === names[index]).length;
  return before === 0 ? names[index]! : `${names[index]} ${before + 1}`;
}
