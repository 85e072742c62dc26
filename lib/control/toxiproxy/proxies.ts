/** Proxies and toxics: looked up, created, changed. */
import { NetworkError } from "../../core/errors.ts";
import { withPatterns } from "../../core/byte_pattern.ts";
import { attributesOf, selectorsOf, streamOf, toxicSpec } from "../../faults/toxic_spec.ts";
import type { NamedFault } from "../../faults/endpoint_faults.ts";
import { parseAddress } from "../../net/parse_address.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import type { EndpointWords } from "../../server/endpoint_spec.ts";
import type { LiveServer } from "../../server/live_server.ts";
import { HttpError, json, type RouteRequest, statusOf } from "../http.ts";
import {
  checkRequired,
  type Members,
  readList,
  readMembers,
  streamFrom,
  typeFrom,
} from "./body.ts";
import { listenWords } from "./listen.ts";
import {
  ERRORS,
  goAddress,
  isProxy,
  listenError,
  listenOf,
  type Proxy,
  proxyOf,
  upstreamOf,
} from "./words.ts";

/** The endpoints that toxiproxy's interface knows, and what it does to them. */
export class Proxies {
  readonly #server: LiveServer;

  constructor(server: LiveServer) {
    this.#server = server;
  }

  get #endpoints(): Endpoint[] {
    return [...this.#server.endpoints].filter(isProxy);
  }

  all(): Record<string, Proxy> {
    const all = this.#endpoints.map(proxyOf).toSorted((one, other) =>
      one.name < other.name ? -1 : 1
    );
    return Object.fromEntries(all.map((proxy) => [proxy.name, proxy]));
  }

  get({ path }: RouteRequest): Endpoint {
    const name = path.get("proxy");
    const found = this.#endpoints.find((endpoint) => endpoint.name === name);
    if (!found) throw ERRORS.proxyNotFound();
    return found;
  }

  toxic(request: RouteRequest): NamedFault {
    const found = this.get(request).faults?.get(request.path.get("toxic")!);
    if (!found) throw ERRORS.toxicNotFound();
    return found;
  }

  async create(request: RouteRequest): Promise<Proxy> {
    const members = readMembers(request);
    checkRequired(members);
    return proxyOf(await this.#add(members));
  }

  async #add(members: Members): Promise<Endpoint> {
    const name = members.text("name")!;
    if (this.#server.find(name)) throw ERRORS.proxyExists();
    const enabled = String(members.flag("enabled") ?? true);
    const words = await this.#words(members.text("listen") ?? "", members.text("upstream")!);
    const pairs = [...words.pairs, ["name", name], ["enabled", enabled]] as const;
    return await this.#listening(words.address, () => this.#server.add({ ...words, pairs }));
  }

  async #words(listen: string, upstream: string): Promise<EndpointWords> {
    const address = await listenWords(listen).catch((error: Error) => {
      throw new HttpError(500, `listen tcp: ${error.message}`);
    });
    const pairs = upstream.split(",").map((to) => ["to", to] as const);
    return { address, written: listen, service: "forward", pairs };
  }

  // What binding fails with, in toxiproxy's words.
  async #listening<T>(listen: string, change: () => Promise<T>): Promise<T> {
    try {
      return await change();
    } catch (error) {
      if (error instanceof NetworkError) throw listenError(error, listen);
      throw error;
    }
  }

  async change(request: RouteRequest): Promise<Proxy> {
    const endpoint = this.get(request);
    const members = readMembers(request);
    const enabled = members.flag("enabled") ?? endpoint.listener !== undefined;
    if (!enabled) await this.#server.disable(endpoint);
    await this.#move(endpoint, members);
    if (enabled) {
      await this.#listening(listenOf(endpoint), () => this.#server.enable(endpoint));
    }
    return proxyOf(endpoint);
  }

  // Another address or upstream; the same ones change nothing.
  async #move(endpoint: Endpoint, members: Members): Promise<void> {
    const listen = members.text("listen") || listenOf(endpoint);
    const upstream = members.text("upstream") || upstreamOf(endpoint);
    if (await this.#isAt(endpoint, { listen, upstream })) return;
    const { pairs, ...words } = await this.#words(listen, upstream);
    const rest = endpoint.spec.given.filter(([key]) => key !== "to");
    const all = { ...words, pairs: [...rest, ...pairs] };
    await this.#listening(words.address, () => this.#server.change(endpoint, all));
  }

  async #isAt(
    endpoint: Endpoint,
    { listen, upstream }: Pick<Proxy, "listen" | "upstream">,
  ): Promise<boolean> {
    if (upstreamOf(endpoint) !== upstream) return false;
    if (listen === listenOf(endpoint)) return true;
    try {
      return goAddress(parseAddress(await listenWords(listen))) === listenOf(endpoint);
    } catch {
      return false;
    }
  }

  async addToxic(request: RouteRequest): Promise<NamedFault> {
    const endpoint = this.get(request);
    const members = readMembers(request);
    const stream = streamFrom(members);
    const type = typeFrom(members);
    const name = members.text("name") || `${type}_${stream}`;
    if (endpoint.faults?.get(name)) throw ERRORS.toxicExists();
    const toxicity = members.number("toxicity") ?? 1;
    const attributes = members.attributes(type);
    const words = { name, type, stream, toxicity, attributes };
    return this.#server.addFault(endpoint, await withPatterns(() => toxicSpec(words)));
  }

  async changeToxic(request: RouteRequest): Promise<NamedFault> {
    const endpoint = this.get(request);
    const { name, spec } = this.toxic(request);
    const members = readMembers(request);
    const type = spec.fault.name;
    const words = {
      name,
      type,
      stream: streamOf(spec),
      toxicity: members.number("toxicity") ?? spec.common.toxicity,
      attributes: { ...attributesOf(spec), ...members.attributes(type) },
      selectors: selectorsOf(spec),
    };
    const changed = await withPatterns(() => toxicSpec(words));
    this.#server.updateFault(endpoint, name, changed);
    return { name, spec: changed };
  }

  async reset(): Promise<void> {
    for (const endpoint of this.#endpoints) {
      await this.#listening(listenOf(endpoint), () => this.#server.enable(endpoint));
      for (const { name } of [...endpoint.faults ?? []]) this.#server.removeFault(endpoint, name);
    }
  }

  async populate(request: RouteRequest): Promise<Response> {
    const proxies: Proxy[] = [];
    try {
      const all = readList(request);
      for (const [index, members] of all.entries()) {
        checkRequired(members, ` at proxy ${index + 1}`);
      }
      for (const members of all) proxies.push(proxyOf(await this.#place(members)));
      return json({ proxies: orNull(proxies) }, 201);
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined) throw error;
      return json({ error: (error as Error).message, status, proxies: orNull(proxies) }, status);
    }
  }

  // One of the same address and upstream stays as it is; another of the same name is replaced.
  async #place(members: Members): Promise<Endpoint> {
    const name = members.text("name")!;
    const there = this.#endpoints.find((endpoint) => endpoint.name === name);
    if (there) {
      const at = { listen: members.text("listen") ?? "", upstream: members.text("upstream")! };
      if (await this.#isAt(there, at)) return there;
      await this.#server.remove(there);
    }
    return await this.#add(members);
  }
}

function orNull<T>(list: readonly T[]): readonly T[] | null {
  return list.length > 0 ? list : null;
}
