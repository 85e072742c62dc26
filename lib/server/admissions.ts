/** The admission of each endpoint: by its own limits and lists, or by those of the server. */
import type { Values } from "../cli/options.ts";
import type { AccessList } from "./access_list.ts";
import { Admission, ConnectionLimit, HostLimit } from "./admission.ts";
import type { EndpointSpec } from "./endpoint_spec.ts";
import type { admissionOptions, serverOptions } from "./options.ts";

/** Makes admissions. Endpoints without limits of their own share those of the server. */
export class Admissions {
  readonly #shared: {
    readonly connections: ConnectionLimit;
    readonly connectionsPerHost: HostLimit;
  };
  readonly #lists = new Map<string, AccessList>(); // by the networks that were asked for

  constructor({ maxConnections, maxConnectionsPerHost }: Values<typeof serverOptions>) {
    this.#shared = {
      connections: new ConnectionLimit(maxConnections),
      connectionsPerHost: new HostLimit(maxConnectionsPerHost),
    };
  }

  /**
   * The admission of an endpoint.
   *
   * @throws {UsageError} naming what is no network
   */
  async of({ values, own }: EndpointSpec): Promise<Admission> {
    const options = values as Values<typeof admissionOptions>;
    return new Admission({
      ...this.#shared,
      access: await this.#accessList(options),
      ...(own.has("maxConnections") && {
        connections: new ConnectionLimit(options.maxConnections),
      }),
      ...(own.has("maxConnectionsPerHost") && {
        connectionsPerHost: new HostLimit(options.maxConnectionsPerHost),
      }),
    });
  }

  // Endpoints that ask for the same networks share a list. Most servers have none, and load nothing.
  async #accessList(
    { allow, deny }: Values<typeof admissionOptions>,
  ): Promise<AccessList | undefined> {
    if (allow.length + deny.length === 0) return undefined;
    const { AccessList } = await import("./access_list.ts");
    const key = JSON.stringify([allow, deny]);
    const list = this.#lists.get(key) ?? new AccessList({ allow, deny });
    this.#lists.set(key, list);
    return list;
  }
}
