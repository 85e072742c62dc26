/** The endpoints of a server. */
import { addressesClash } from "./conflicts.ts";
import { Endpoint, type EndpointOptions, inUseByItself } from "./endpoint.ts";
import type { EndpointSpec } from "./endpoint_spec.ts";
import type { Ending } from "./session.ts";
import { sumTotals, type Totals } from "./sessions.ts";

/** A set of endpoints, each of which can be started and stopped by itself. */
export class Endpoints implements Iterable<Endpoint> {
  readonly #endpoints: Endpoint[] = [];
  #removed = sumTotals([]);

  [Symbol.iterator](): Iterator<Endpoint> {
    return this.#endpoints[Symbol.iterator]();
  }

  /** Adds an endpoint, which does not listen yet. */
  add(spec: EndpointSpec, options: EndpointOptions): Endpoint {
    const endpoint = new Endpoint(spec, options);
    this.#endpoints.push(endpoint);
    return endpoint;
  }

  /**
   * Makes an endpoint listen and serve.
   *
   * @throws {NetworkError} naming the address that cannot be bound
   */
  async start(endpoint: Endpoint): Promise<void> {
    await this.#bind(endpoint);
    endpoint.accept();
  }

  async #bind(endpoint: Endpoint): Promise<void> {
    try {
      await endpoint.bind();
    } catch (error) {
      const inUse = (error as Error).cause instanceof Deno.errors.AddrInUse;
      const other = this.#endpoints.find((other) =>
        other.listener && addressesClash(other.address, endpoint.address)
      );
      throw inUse && other ? inUseByItself(endpoint.address, other) : error;
    }
  }

  /**
   * Makes every enabled endpoint listen, or none; they do not accept yet.
   *
   * @throws {NetworkError} naming the address that cannot be bound
   */
  async bindAll(): Promise<void> {
    try {
      for (const endpoint of this) if (endpoint.spec.enabled) await this.#bind(endpoint);
    } catch (error) {
      await this.stopListening();
      throw error;
    }
  }

  get totals(): Totals {
    return sumTotals([this.#removed, ...this.#endpoints.map(({ totals }) => totals)]);
  }

  /** Stops an endpoint and forgets it; what it has served still counts. */
  async remove(endpoint: Endpoint, ending: Ending): Promise<void> {
    await endpoint.stop(ending);
    const at = this.#endpoints.indexOf(endpoint);
    if (at < 0) return;
    this.#endpoints.splice(at, 1);
    this.#removed = sumTotals([this.#removed, endpoint.totals]);
  }

  /** The totals of endpoints that are no longer there. */
  get removedTotals(): Totals {
    return this.#removed;
  }

  /** Stops listening; the sessions go on. Resolves when all ports are free. */
  async stopListening(which: (endpoint: Endpoint) => boolean = () => true): Promise<void> {
    const some = this.#endpoints.filter(which);
    await Promise.all(some.map((endpoint) => endpoint.stopListening()));
  }

  /** Serves nobody but the sessions that have moved a byte. */
  admitNoMore(detail: string): void {
    for (const { sessions } of this.#endpoints) sessions.admitNoMore(detail);
  }

  /** Resolves when no session is open. */
  async drain(): Promise<void> {
    await Promise.all(this.#endpoints.map(({ sessions }) => sessions.drain()));
  }

  /** Ends every session. */
  async endAll(ending: Ending): Promise<void> {
    await Promise.all(this.#endpoints.map(({ sessions }) => sessions.endAll(ending)));
  }
}
