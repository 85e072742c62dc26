/** Endpoints as the command line writes them: `ADDRESS[=SERVICE][,key=value...]`. */
import { type Items, readPairs, splitItems } from "../cli/items.ts";
import { keyName, type OptionTable, type Values } from "../cli/options.ts";
import { checkTogether, type ParsedOptions } from "../cli/parse.ts";
import { UsageError } from "../core/errors.ts";
import { find } from "../core/named.ts";
import { type Address, formatAddress, isInet, scheme } from "../net/address.ts";
import { parseAddress } from "../net/parse_address.ts";
import { transportOf, transports } from "../net/transports.ts";
import type { Transport } from "../net/transport.ts";
import { admissionOptions, endpointOptions, serverOptions } from "./options.ts";
import type { Service } from "./service.ts";
import { services } from "./services.ts";

/** What an endpoint is to be: where it listens, and what it does with its peers. */
export interface EndpointSpec {
  /** As it was given; absent where the address is to be its name. */
  readonly name: string | undefined;
  readonly address: Address;
  readonly transport: Transport;
  readonly service: Service;
  /** Whether it begins to listen when the server starts. */
  readonly enabled: boolean;
  /** The values of the options of its service, its transport and its admission: own, or default. */
  readonly values: Values<OptionTable>;
  /** The address as it was written. */
  readonly written: string;
  /** Whether the service is its own, and not that of `--service`. */
  readonly ownService: boolean;
  /** The keys of the options that are its own. */
  readonly own: ReadonlySet<string>;
  /** The options that make `values`, its own and those of the server, with their texts. */
  readonly given: Items["pairs"];
}

/** An endpoint as it is written, taken apart. */
export interface EndpointWords {
  readonly address: string;
  /** What is shown for it until it has listened; by default the address. */
  readonly written?: string | undefined;
  /** By default that of the server. */
  readonly service?: string | undefined;
  /** Its own options, `name` and `enabled` included. */
  readonly pairs: Items["pairs"];
}

// Limits that endpoints share, where they have none of their own.
const SHARED = ["maxConnections", "maxConnectionsPerHost"];

/** The name of an endpoint whose address, bound or not, is this. */
export function defaultName(address: Address): string {
  return formatAddress(address).replace(/^tcp:\/\//, "");
}

/**
 * Reads endpoints; the options of the server are the defaults.
 *
 * @throws {UsageError} if one is invalid, or they cannot be combined
 */
export async function parseEndpoints(
  texts: readonly string[],
  defaults: ParsedOptions,
): Promise<EndpointSpec[]> {
  const specs: EndpointSpec[] = [];
  for (const text of texts) specs.push(await readEndpoint(wordsOf(text), defaults));
  return specs;
}

/** The options of an endpoint with this service and transport. */
export function optionsOf(
  { service, transport }: Pick<EndpointSpec, "service" | "transport">,
): OptionTable {
  return { ...service.options, ...transport.listenOptions, ...admissionOptions };
}

function wordsOf(text: string): EndpointWords {
  const { head, pairs } = splitItems(text, /^unix:(\/\/)?/i);
  const [, address = head, service] = /^(.*)=([^/="]*)$/s.exec(head) ?? [];
  return { address, service, pairs };
}

/**
 * Reads an endpoint; the options of the server are the defaults.
 *
 * @throws {UsageError} if it is invalid
 */
export async function readEndpoint(
  words: EndpointWords,
  defaults: ParsedOptions,
): Promise<EndpointSpec> {
  const { service: serviceName, pairs } = words;
  const written = words.written || words.address;
  const address = parseAddress(words.address);
  const transport = transportOf(address);
  const service = serviceName === undefined
    ? defaults.of(serverOptions).service
    : find(services, { name: serviceName, kind: "service" });
  checkDatagrams({ service, transport });
  const table = optionsOf({ service, transport });
  const own = readPairs(pairs, {
    owner: `Endpoint ${written}`,
    table: { ...endpointOptions, ...table },
    write: keyName,
    hint: (key) => hintFor(key, { address, words }),
  });
  const given = [...own.keys(), ...defaults.given].filter((key) => Object.hasOwn(table, key));
  checkTogether([serverOptions, table], new Set([...given, ...serverWide(defaults.given)]));
  const { name, enabled = true } = Object.fromEntries(own) as Partial<
    Values<typeof endpointOptions>
  >;
  const values = { ...defaults.of(table) as Record<string, unknown> };
  for (const [key, value] of own) if (Object.hasOwn(table, key)) values[key] = value;
  await service.check?.(values);
  const inherited = defaults.occurrences.filter(({ key }) =>
    Object.hasOwn(table, key) && !own.has(key) && !SHARED.includes(key)
  );
  return {
    name,
    written,
    ownService: serviceName !== undefined,
    address,
    transport,
    service,
    enabled,
    values,
    own: new Set(own.keys()),
    given: [
      ...pairs.filter(([key]) => !Object.hasOwn(endpointOptions, key)),
      ...inherited.map(({ key, text }) => [keyName(key), text] as const),
    ],
  };
}

function serverWide(given: ReadonlySet<string>): string[] {
  return [...given].filter((key) => Object.hasOwn(serverOptions, key));
}

function checkDatagrams(
  { service, transport }: Pick<EndpointSpec, "service" | "transport">,
): void {
  if (!transport.connectionless) return;
  if (service.takesDatagrams) {
    throw new UsageError(
      `Service ${service.name} begins with a connection; leave out ${transport.name}://, as its port ` +
        "takes datagrams as well",
    );
  }
  if (!service.amplifies) return;
  throw new UsageError(
    `Service ${service.name} is not offered over ${transport.name.toUpperCase()}: its answers are ` +
      "longer than their questions, which helps those who forge a sender's address; leave out " +
      `${transport.name}://`,
  );
}

// Why a key is not one of this endpoint's.
function hintFor(
  key: string,
  { address, words }: { readonly address: Address; readonly words: EndpointWords },
): string | undefined {
  if (key === "fault") return "a fault is given by --fault KIND:VALUE,on=NAME";
  const server = Object.keys(serverOptions).find((each) => keyName(each) === key);
  if (server) return `${key} is for the whole server: give --${key}`;
  const has = (options: OptionTable) => Object.keys(options).map(keyName).includes(key);
  const service = services.find(({ options }) => has(options));
  if (service) return `${key} is for service ${service.name}`;
  const owners = transports.filter(({ listenOptions }) => has(listenOptions));
  if (owners.length > 0) {
    return `${key} is for ${owners.map(({ name }) => scheme(name)).join(", ")}`;
  }
  if (!isInet(address)) {
    return `it has no parameter "${key}"; a path with ",${key}=" in it is written in quotes, ` +
      `as in ${formatAddress({ ...address, path: pathOf(words) })}`;
  }
  return undefined;
}

// The path that was meant, with what was taken for options.
function pathOf({ address, pairs }: EndpointWords): string {
  const rest = pairs.map(([key, value]) => `,${key}=${value}`).join("");
  return address.replace(/^unix:(\/\/)?/i, "") + rest;
}
