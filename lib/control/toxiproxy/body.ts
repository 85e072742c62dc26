/** Reading bodies as toxiproxy does: names in any case, null as if it were absent. */
import { type Attributes, isFaultKind, isToxicType } from "../../faults/toxic_spec.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { RouteRequest } from "../http.ts";
import { ERRORS } from "./words.ts";

const LARGEST_WHOLE = 2 ** 63;

/** A number that was not written as a whole one of 64 bits: attributes may be no such number. */
class Fraction {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** The members of a body, by their names in lower case. */
export class Members {
  readonly #members: ReadonlyMap<string, unknown>;

  constructor(members: JsonObject) {
    const entries = Object.entries(members).map(([key, value]) =>
      [key.toLowerCase(), value] as const
    );
    this.#members = new Map(entries.filter(([, value]) => value !== null));
  }

  /** A text; undefined where it is absent. */
  text(name: string): string | undefined {
    return this.#typed(name, "string") as string | undefined;
  }

  flag(name: string): boolean | undefined {
    return this.#typed(name, "boolean") as boolean | undefined;
  }

  number(name: string): number | undefined {
    const value = this.#members.get(name);
    if (!(value instanceof Fraction)) return this.#typed(name, "number") as number | undefined;
    if (Number.isFinite(value.value)) return value.value;
    throw mismatch(name, value);
  }

  /** The attributes of a toxic: whole numbers, where the type is one of toxiproxy's. */
  attributes(type: string): Attributes {
    const value = this.#members.get("attributes") ?? {};
    if (!isObject(value)) throw mismatch("attributes", value);
    const entries = Object.entries(value).filter(([, each]) => each !== null);
    if (!isToxicType(type)) {
      return Object.fromEntries(
        entries.map(([key, each]) => [key, each instanceof Fraction ? each.value : each]),
      );
    }
    for (const [key, each] of entries) {
      if (typeof each !== "number") throw mismatch(`attributes.${key}`, each);
    }
    return Object.fromEntries(entries.map(([key, each]) => [key.toLowerCase(), each]));
  }

  #typed(name: string, type: "string" | "boolean" | "number"): unknown {
    const value = this.#members.get(name);
    if (value !== undefined && typeof value !== type) throw mismatch(name, value);
    return value;
  }
}

function mismatch(name: string, value: unknown) {
  const type = value instanceof Fraction ? `number ${value.value}` : typeof value;
  return ERRORS.badBody(`json: cannot unmarshal ${type} into field ${name}`);
}

/** Throws where a new proxy lacks what it needs; `where` says which of a list it is. */
export function checkRequired(members: Members, where = ""): void {
  for (const field of ["name", "upstream"]) {
    if (!members.text(field)) throw ERRORS.missing(`${field}${where}`);
  }
}

/** The members of a body that is an object. */
export function readMembers(request: RouteRequest): Members {
  return membersOf(readJson(request));
}

/** The objects of a body that is a list. */
export function readList(request: RouteRequest): Members[] {
  const list = readJson(request);
  if (list === null) return [];
  if (!Array.isArray(list)) throw ERRORS.badBody("json: a list is needed");
  return list.map(membersOf);
}

function membersOf(value: unknown): Members {
  if (value === null) return new Members({});
  if (isObject(value)) return new Members(value);
  throw ERRORS.badBody(`json: cannot unmarshal ${Array.isArray(value) ? "array" : typeof value}`);
}

function readJson({ body: text }: RouteRequest): unknown {
  if (text.trim() === "") throw ERRORS.badBody("EOF");
  try {
    return JSON.parse(text, reviveNumber);
  } catch (error) {
    throw ERRORS.badBody((error as Error).message);
  }
}

function reviveNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number") return value;
  const isWhole = /^-?\d+$/.test(context?.source ?? "0") && Math.abs(value) < LARGEST_WHOLE;
  return isWhole ? value : new Fraction(value);
}

/** The stream of a new toxic. */
export function streamFrom(members: Members): "upstream" | "downstream" {
  const stream = (members.text("stream") ?? "downstream").toLowerCase();
  if (stream === "upstream" || stream === "downstream") return stream;
  throw ERRORS.stream();
}

/** The type of a new toxic. */
export function typeFrom(members: Members): string {
  const type = members.text("type") ?? "";
  if (isFaultKind(type)) return type;
  throw ERRORS.toxicType();
}
