/** The admission of each endpoint: by its own limits and lists, or by those of the server. */
import type { Values } from "../cli/options.ts";
import type { AccessList } from "./access_list.ts";
import { Admission, ConnectionLimit, HostLimit } from "./admission.ts";
import type { EndpointSpec } from "./endpoint_spec.ts";
import type { admissionOptions, serverOptions } from "./options.ts";

/**
 * One admission for each endpoint. Endpoints without limits of their own share those of the server.
 *
 * @throws {UsageError} naming what is no network
 */
export async function createAdmissions(
  specs: readonly EndpointSpec[],
  { maxConnections, maxConnectionsPerHost }: Values<typeof serverOptions>,
): Promise<Admission[]> {
  const shared = {
    connections: new ConnectionLimit(maxConnections),
    connectionsPerHost: new HostLimit(maxConnectionsPerHost),
  };
  const accessLists = await createAccessLists(specs);
  return specs.map(({ values, own }, index) => {
    const options = values as Values<typeof admissionOptions>;
    return new Admission({
      ...shared,
      access: accessLists[index],
      ...(own.has("maxConnections") && {
        connections: new ConnectionLimit(options.maxConnections),
      }),
      ...(own.has("maxConnectionsPerHost") && {
        connectionsPerHost: new HostLimit(options.maxConnectionsPerHost),
      }),
    });
  });
}

// Endpoints that ask for the same networks share a list. Most servers have none, and load nothing.
async function createAccessLists(
  specs: readonly EndpointSpec[],
): Promise<(AccessList | undefined)[]> {
  const asked = specs.map(({ values }) => values as Values<typeof admissionOptions>);
  if (asked.every(({ allow, deny }) => allow.length + deny.length === 0)) return [];
  const { AccessList } = await import("./access_list.ts");
  const known = new Map<string, AccessList>();
  return asked.map(({ allow, deny }) => {
    if (allow.length + deny.length === 0) return undefined;
    const key = JSON.stringify([allow, deny]);
    const list = known.get(key) ?? new AccessList({ allow, deny });
    known.set(key, list);
    return list;
  });
}
