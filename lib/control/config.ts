/** Endpoints as data: what `--config` reads, and what `GET /v1/config` answers. */
import { withPatterns } from "../core/byte_pattern.ts";
import { UsageError } from "../core/errors.ts";
import { explain } from "../core/explain.ts";
import { isObject, type JsonObject } from "../core/json.ts";
import { readTextFile } from "../cli/files.ts";
import type { NamedFault } from "../faults/endpoint_faults.ts";
import { type FaultSpec, pairsOf, readFault } from "../faults/parse.ts";
import { isToxicType, toxicSpec } from "../faults/toxic_spec.ts";
import { formatAddress } from "../net/address.ts";
import type { Endpoint } from "../server/endpoint.ts";
import type { EndpointWords } from "../server/endpoint_spec.ts";
import { listenWords } from "./toxiproxy/listen.ts";
import { toxicOf } from "./toxiproxy/words.ts";

const KEYS = [
  "name",
  "address",
  "service",
  "enabled",
  "options",
  "faults",
  "listen",
  "upstream",
  "toxics",
];

/** An endpoint that a file asks for. */
export interface ConfiguredEndpoint {
  readonly words: EndpointWords;
  readonly faults: readonly FaultSpec[];
}

/** What a file asks for. */
export interface Config {
  readonly seed: number | undefined;
  readonly endpoints: readonly ConfiguredEndpoint[];
}

/**
 * Reads a file: an object with `endpoints`, or toxiproxy's list of proxies.
 *
 * @throws {UsageError} naming the file, the entry, and what is wrong
 */
export async function readConfig(path: string): Promise<Config> {
  try {
    const data: unknown = parsed(readTextFile(path));
    const { endpoints, seed } = Array.isArray(data)
      ? { endpoints: data, seed: undefined }
      : data as JsonObject;
    if (!Array.isArray(endpoints)) throw new UsageError("a list of endpoints is needed");
    if (seed !== undefined && !(Number.isInteger(seed) && Number(seed) >= 0)) {
      throw new UsageError("seed: a whole number is needed");
    }
    const read: ConfiguredEndpoint[] = [];
    for (const [index, entry] of endpoints.entries()) {
      read.push(await named(`endpoint ${index + 1}`, () => readConfigured(entry as JsonObject)));
    }
    return { seed: seed as number | undefined, endpoints: read };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`Option --config: ${path}: ${error.message}`, error.suggestion);
  }
}

function parsed(text: string): unknown {
  try {
    const data: unknown = JSON.parse(text);
    if (typeof data === "object" && data !== null) return data;
  } catch (error) {
    throw new UsageError(explain(error));
  }
  throw new UsageError("an object with endpoints, or a list of proxies is needed");
}

async function named<T>(where: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${where}: ${error.message}`, error.suggestion);
  }
}

/**
 * Reads an endpoint: `address`, `service`, `name`, `enabled`, `options` and `faults`; or a proxy of
 * toxiproxy: `listen`, `upstream`, `toxics`, and all of those.
 *
 * @throws {UsageError} naming what is wrong
 */
export async function readConfigured(entry: JsonObject): Promise<ConfiguredEndpoint> {
  if (!isObject(entry)) throw new UsageError("an object is needed");
  const { address, listen, upstream, name, enabled, options = {}, faults, toxics } = entry;
  const stray = Object.keys(entry).find((key) => !KEYS.includes(key));
  if (stray !== undefined) {
    throw new UsageError(`an endpoint has no "${stray}"`, { given: stray, among: KEYS });
  }
  const service = entry.service ?? (upstream === undefined ? undefined : "forward");
  for (const [key, value] of Object.entries({ address, listen, upstream, name, service })) {
    if (value === undefined || typeof value === "string") continue;
    throw new UsageError(`${key}: a text is needed`);
  }
  const where = address ?? (listen === undefined ? undefined : await listenWords(listen as string));
  if (where === undefined) throw new UsageError("an address is needed");
  const words = {
    address: where as string,
    service: service as string | undefined,
    pairs: pairsOf({
      ...(name !== undefined && { name }),
      ...(enabled !== undefined && enabled !== null && { enabled }),
      ...(upstream !== undefined && { to: (upstream as string).split(",") }),
      ...objectOf("options", options),
    }),
  };
  return {
    words,
    faults: await readFaultList([...listOf("faults", faults), ...listOf("toxics", toxics)]),
  };
}

/** The faults of a list of faults and toxics. */
export async function readFaultList(list: readonly unknown[]): Promise<FaultSpec[]> {
  const read: FaultSpec[] = [];
  for (const [index, entry] of list.entries()) {
    read.push(await named(`fault ${index + 1}`, () => readAnyFault(objectOf("fault", entry))));
  }
  return read;
}

/**
 * A fault in netecho's words or in toxiproxy's.
 *
 * @throws {UsageError} where it is none
 */
export async function readAnyFault(entry: JsonObject): Promise<FaultSpec> {
  const { type, name, stream = "downstream", toxicity = 1, attributes = {}, ...selectors } = entry;
  return await withPatterns(() => {
    if (typeof type !== "string" || !isToxicType(type)) return readFault(entry);
    if (stream !== "upstream" && stream !== "downstream") {
      throw new UsageError("stream: upstream or downstream is needed");
    }
    if (typeof toxicity !== "number") throw new UsageError("toxicity: a number is needed");
    return toxicSpec({
      ...{ type, stream, toxicity },
      name: name === undefined ? `${type}_${stream}` : String(name),
      attributes: objectOf("attributes", attributes),
      selectors,
    });
  });
}

/** @throws {UsageError} where a value is no object */
export function objectOf(name: string, value: unknown): JsonObject {
  if (isObject(value)) return value;
  throw new UsageError(`${name}: an object is needed`);
}

function listOf(name: string, value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new UsageError(`${name}: a list is needed`);
}

/** An endpoint as data; `faults` has toxics too. */
export interface EndpointConfig {
  readonly name?: string;
  readonly address: string;
  readonly service: string;
  readonly enabled: boolean;
  readonly options: Readonly<Record<string, string | readonly string[]>>;
  readonly faults: readonly object[];
}

/** A fault as data: its other members are its parameters, as texts. */
export interface FaultJson {
  readonly name: string;
  readonly kind: string;
}

/** An endpoint as {@linkcode readConfigured} reads it. */
export function configOf(endpoint: Endpoint): EndpointConfig {
  const { name, spec, listener, address, faults = [] } = endpoint;
  return {
    ...(spec.name !== undefined && { name }),
    address: formatAddress(address),
    service: spec.service.name,
    enabled: listener !== undefined,
    options: optionsOf(spec.given),
    // A toxic may have values that a fault may not.
    faults: [...faults].map((fault) => fault.spec.attributes ? toxicOf(fault) : faultJson(fault)),
  };
}

// An option that was given several times is a list.
function optionsOf(given: EndpointWords["pairs"]): EndpointConfig["options"] {
  const texts = new Map<string, string[]>();
  for (const [key, text] of given) texts.set(key, [...texts.get(key) ?? [], text]);
  const entries = [...texts].map(([key, all]) => [key, all.length > 1 ? all : all[0]!]);
  return Object.fromEntries(entries);
}

/** A fault as {@linkcode readAnyFault} reads it. */
export function faultJson({ name, spec: { fault, given } }: NamedFault): FaultJson {
  const entries = given.filter(([key]) => key !== "name" && key !== "on");
  return { name, kind: fault.name, ...Object.fromEntries(entries) };
}
