/** A server that is changed while it runs: its endpoints, their faults, its sessions. */
import type { ParsedOptions } from "../cli/parse.ts";
import { UsageError } from "../core/errors.ts";
import { EndpointFaults, type NamedFault } from "../faults/endpoint_faults.ts";
import type { FaultSpec } from "../faults/parse.ts";
import { fits } from "../faults/plan.ts";
import type { Capture } from "../capture/capture.ts";
import type { Change } from "../log/event.ts";
import type { Admissions } from "./admissions.ts";
import { checkLoops } from "./conflicts.ts";
import type { Endpoint } from "./endpoint.ts";
import {
  defaultName,
  type EndpointSpec,
  type EndpointWords,
  readEndpoint,
} from "./endpoint_spec.ts";
import type { Endpoints } from "./endpoints.ts";
import { carriedBy } from "./fault_targets.ts";
import type { Ending, ServerContext, Session } from "./session.ts";
import type { NumberedSession } from "./session_captures.ts";
import type { SessionsOptions } from "./sessions.ts";

const STOPPED: Ending = { reason: "control", detail: "its endpoint was stopped" };

/** What a {@linkcode LiveServer} changes, and what new endpoints are made with. */
export interface LiveServerOptions extends Omit<SessionsOptions, "admission"> {
  readonly endpoints: Endpoints;
  readonly context: ServerContext;
  readonly admissions: Admissions;
  /** The command line, whose options are the defaults of new endpoints. */
  readonly defaults: ParsedOptions;
  /** What the chance of faults begins with. */
  readonly seed: number;
}

/** Another endpoint, or another fault, has the name. */
export class NameTakenError extends UsageError {}

/** A running server. Each change is an event in its log. */
export class LiveServer {
  readonly endpoints: Endpoints;
  readonly context: ServerContext;
  readonly seed: number;
  readonly #options: LiveServerOptions;

  constructor(options: LiveServerOptions) {
    this.endpoints = options.endpoints;
    this.context = options.context;
    this.seed = options.seed;
    this.#options = options;
  }

  /** The endpoint with this name, if there is one. */
  find(name: string): Endpoint | undefined {
    return [...this.endpoints].find((endpoint) => endpoint.name === name);
  }

  /** The sessions that are open, by endpoint. */
  *sessions(): Iterable<Session> {
    for (const { sessions } of this.endpoints) yield* sessions;
  }

  /**
   * Adds an endpoint and starts it, unless it is disabled. Where that fails nothing is added.
   *
   * @throws {NameTakenError} where another endpoint has the name
   * @throws {UsageError} where it is invalid
   * @throws {NetworkError} where its address cannot be bound
   */
  async add(words: EndpointWords, faults: readonly FaultSpec[] = []): Promise<Endpoint> {
    const { context, admissions, defaults, seed, endpoints, ...hooks } = this.#options;
    const spec = await readEndpoint(words, defaults);
    this.#checkName(spec);
    this.#checkLoops(spec);
    for (const fault of faults) checkFits(fault, spec);
    const seedName = spec.name ?? spec.written;
    const endpoint = endpoints.add(spec, {
      ...hooks,
      server: context,
      admission: await admissions.of(spec),
      faults: new EndpointFaults(faults, { seed, seedName, live: true }),
    });
    try {
      if (spec.enabled) await endpoints.start(endpoint);
    } catch (error) {
      await endpoints.remove(endpoint, STOPPED);
      throw error;
    }
    this.#tell("endpoint-added", endpoint);
    this.#tellWhere(endpoint);
    return endpoint;
  }

  /** Stops an endpoint, ends its sessions, and forgets it. */
  async remove(endpoint: Endpoint): Promise<void> {
    await this.endpoints.remove(endpoint, STOPPED);
    this.#tell("endpoint-removed", endpoint);
  }

  /**
   * Makes an endpoint listen.
   *
   * @throws {NetworkError} where its address cannot be bound
   */
  async enable(endpoint: Endpoint): Promise<void> {
    if (endpoint.listener) return;
    await this.endpoints.start(endpoint);
    this.#tellWhere(endpoint);
  }

  /** Stops an endpoint and ends its sessions; what faults hold of them is dropped. */
  async disable(endpoint: Endpoint): Promise<void> {
    if (!endpoint.listener) return;
    await endpoint.stop(STOPPED);
    this.#tellWhere(endpoint);
  }

  /**
   * Makes something else of an endpoint: it stops, changes, and starts again if it was enabled. Its
   * name and its faults stay.
   *
   * @throws {UsageError} where it would be invalid; nothing has changed then
   * @throws {NetworkError} where its new address cannot be bound; it is disabled then
   */
  async change(endpoint: Endpoint, words: EndpointWords): Promise<void> {
    const spec = { ...await readEndpoint(words, this.#options.defaults), name: endpoint.name };
    this.#checkLoops(spec, endpoint);
    for (const fault of endpoint.faults ?? []) checkFits(fault.spec, spec);
    const admission = await this.#options.admissions.of(spec);
    const enabled = endpoint.listener !== undefined;
    await endpoint.stop(STOPPED);
    endpoint.change(spec, admission);
    this.#tell("endpoint-changed", endpoint);
    try {
      if (enabled) await this.endpoints.start(endpoint);
    } finally {
      this.#tellWhere(endpoint);
    }
  }

  /**
   * Adds a fault to an endpoint; it strikes open connections too.
   *
   * @throws {NameTakenError} where another fault of the endpoint has its name
   * @throws {UsageError} where it is not for such an endpoint
   */
  addFault(endpoint: Endpoint, spec: FaultSpec): NamedFault {
    checkFits(spec, endpoint.spec);
    const { name } = spec.common;
    const faults = faultsOf(endpoint);
    if (name !== undefined) checkCanBeAsked(name);
    if (name !== undefined && faults.get(name)) {
      throw new NameTakenError(`Endpoint ${endpoint.name} has a fault named ${name} already`);
    }
    const added = faults.add(spec);
    this.#tell("fault-added", endpoint, describeFault(added));
    return added;
  }

  /** Gives a fault other parameters. */
  updateFault(endpoint: Endpoint, name: string, spec: FaultSpec): void {
    checkFits(spec, endpoint.spec);
    faultsOf(endpoint).update(name, spec);
    this.#tell("fault-changed", endpoint, describeFault({ name, spec }));
  }

  /** Removes a fault: what it holds goes on at once. */
  removeFault(endpoint: Endpoint, name: string): void {
    if (faultsOf(endpoint).remove(name)) this.#tell("fault-removed", endpoint, name);
  }

  /** Captures connections from now on, those that are open included, until `remove` is called. */
  capture(capture: Capture, wanted: (session: NumberedSession) => boolean): { remove(): void } {
    const filtered = { capture, wanted };
    for (const session of this.sessions()) if (wanted(session)) session.capture(capture);
    this.context.captures.add(filtered);
    return {
      remove: () => {
        this.context.captures.delete(filtered);
        for (const session of this.sessions()) session.captureNoMore(capture);
      },
    };
  }

  #tell(change: Change, endpoint: Endpoint, detail = ""): void {
    this.context.log.emit({ event: "changed", endpoint: endpoint.name, change, detail });
  }

  #tellWhere({ name: endpoint, address, listener }: Endpoint): void {
    this.context.log.emit({ event: listener ? "listening" : "disabled", endpoint, address });
  }

  #checkName(spec: EndpointSpec): void {
    const name = spec.name ?? defaultName(spec.address);
    checkCanBeAsked(name);
    if (spec.name === undefined && isAnyPort(spec)) return; // its name is the port that it is given
    if (this.find(name)) throw new NameTakenError(`An endpoint is named ${name} already`);
  }

  #checkLoops(spec: EndpointSpec, instead?: Endpoint): void {
    const others = [...this.endpoints].filter((endpoint) => endpoint !== instead);
    checkLoops([...others.map(({ spec, address }) => ({ ...spec, address })), spec]);
  }
}

// A name is a part of a path.
function checkCanBeAsked(name: string): void {
  if (name !== "." && name !== ".." && name.isWellFormed()) return;
  throw new UsageError(`"${name.toWellFormed()}" is no name that can be asked for`);
}

function isAnyPort({ address }: EndpointSpec): boolean {
  return "port" in address && address.port === 0;
}

function faultsOf({ faults, name }: Endpoint): EndpointFaults {
  if (faults) return faults;
  throw new UsageError(`The faults of endpoint ${name} cannot be changed`);
}

function checkFits(fault: FaultSpec, spec: EndpointSpec): void {
  if (fits(fault, { carries: carriedBy(spec) })) return;
  const { fault: { name, only } } = fault;
  throw new UsageError(`Fault ${name} is for ${only} alone, and not for ${spec.transport.name}`);
}

function describeFault({ name, spec: { fault, given } }: NamedFault): string {
  const parameters = given.filter(([key]) => key !== "name");
  const texts = parameters.map(([key, text]) => `${key}=${text}`);
  return [name === fault.name ? name : `${name}: ${fault.name}`, ...texts].join(" ");
}
