/** From the addresses of the command line to listeners with their services. */
import { type Address, parseBinding } from "../net/address.ts";
import { UsageError } from "../core/errors.ts";
import { listen, transportOf } from "../net/transports.ts";
import type { Listener, ListenOptions, Transport } from "../net/transport.ts";
import type { Service } from "./service.ts";
import { services } from "./services.ts";
import { find } from "../core/named.ts";

/** Where to listen, and what to do with those who arrive there. */
export interface Target {
  readonly address: Address;
  readonly transport: Transport;
  readonly service: Service;
}

/** A listener, and what is done with those who arrive there. */
export interface Binding extends Omit<Target, "address"> {
  readonly listener: Listener;
}

/**
 * Reads `ADDRESS[=SERVICE]`.
 *
 * @throws {UsageError} where one of them is none, or they do not go together
 */
export function parseTarget(text: string, fallback: Service): Target {
  const { address, service: name } = parseBinding(text);
  const transport = transportOf(address);
  const service = name === undefined ? fallback : serviceNamed(name);
  if (!transport.connectionless || !service.amplifies) return { address, transport, service };
  throw new UsageError(
    `Service ${service.name} is not offered over ${transport.name.toUpperCase()}: its answers are ` +
      "longer than their questions, which serves those who forge a sender's address; leave out " +
      `${transport.name}://`,
  );
}

/** The service with this name; a {@linkcode UsageError} when there is none. */
export function serviceNamed(name: string): Service {
  return find(services, { name, kind: "service" });
}

/**
 * Listens on every target, or on none.
 *
 * @throws {NetworkError} naming the address that cannot be bound
 */
export async function bindAll(
  targets: readonly Target[],
  options: ListenOptions,
): Promise<Binding[]> {
  const bindings: Binding[] = [];
  try {
    for (const { address, ...target } of targets) {
      const { allowance = options.allowance } = target.service;
      const listener = await listen(address, { ...options, allowance });
      bindings.push({ ...target, listener });
    }
    return bindings;
  } catch (error) {
    for (const { listener } of bindings) listener.close();
    throw error;
  }
}
