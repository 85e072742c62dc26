/** The options of exchanges of one's own. */
import { readFile, readJsonList } from "../cli/files.ts";
import type { Occurrence } from "../cli/parse.ts";
import { count, flag, list, text, type Values } from "../cli/options.ts";
import { UsageError } from "../core/errors.ts";
import { unescape } from "../core/escapes.ts";
import { isObject } from "../core/json.ts";
import { concat } from "@std/bytes/concat";
import { type Expectation, parseExpectation } from "./expect_buffer.ts";
import { type ExchangeSpec, MAX_ANSWER_BYTES, OwnRequest } from "./own_request.ts";

/** What is sent, in the order of the command line. */
export const sendOptions = {
  send: list({
    summary: "send this (repeatable, in order with --expect); with --ping, --bench and --wait it " +
      "is the request, in which {seq}, {random:N} and {uuid} differ each time, and {{seq}} is {seq}",
    placeholder: "TEXT",
    read: (text) => [unescape(text)],
    excludes: ["size"],
  }),
  sendFile: list({
    summary: "send the content of a file (repeatable, in the same order)",
    placeholder: "FILE",
    read: (path) => [readFile(path)],
    excludes: ["size"],
  }),
};

/** What the peer is expected to say. */
export const expectOptions = {
  expect: list({
    summary:
      "wait until the peer sends this, a regex in RE2's syntax (repeatable, in order); with --ping and " +
      "--bench the answer ends there; with --wait, echo waits until it echoes a message",
    placeholder: "TEXT|/regex/",
    read: (text) => [parseExpectation(text)],
    excludes: ["size"],
  }),
};

/** What is asked of a peer instead of an echo. */
export const exchangeOptions = {
  ...sendOptions,
  ...expectOptions,
  expectBytes: count({
    summary: "an answer has N bytes, at most 64 MiB",
    most: MAX_ANSWER_BYTES,
    excludes: ["expectLine", "size"],
  }),
  expectLine: flag({ summary: "an answer is a line" }),
  exchanges: text({
    summary:
      "several requests from a JSON file: a list of objects with send or sendFile, expect, " +
      "expectBytes, expectLine, and weight, how often each is made beside the others",
    placeholder: "FILE",
    read: readExchanges,
    excludes: ["send", "sendFile", "expect", "expectBytes", "expectLine", "size"],
  }),
};

/** What says in which order things are sent. */
export interface ExchangeContext {
  /** Whether each request has a connection of its own. */
  readonly connect: boolean;
  readonly occurrences: readonly Occurrence[];
}

/**
 * The exchanges that the options ask for; undefined where an echo is expected.
 *
 * @throws {UsageError} where nothing says what an answer is
 */
export function exchangesFrom(
  { expect, expectBytes, expectLine, exchanges }: Values<typeof exchangeOptions>,
  { connect, occurrences }: ExchangeContext,
): readonly ExchangeSpec[] | undefined {
  const sent = occurrences.filter(({ key }) => key === "send" || key === "sendFile");
  const spec = {
    send: concat(sent.flatMap(({ value }) => value as Uint8Array[])),
    expect: expect.map(({ text }: Expectation) => text),
    ...{ expectBytes, expectLine, weight: 1 },
  };
  const specs = exchanges ?? (isAsked(spec) ? [spec] : undefined);
  for (const { send, ...answer } of specs ?? []) {
    const where = exchanges ? "Option --exchanges" : "Option --send";
    if (!isAsked({ ...answer, send: NOTHING })) {
      throw new UsageError(
        `${where}: what is the answer? Give ${
          exchanges
            ? "expect, expectBytes or expectLine"
            : "--expect, --expect-bytes or --expect-line"
        }`,
      );
    }
    if (send.length > 0 || connect) continue;
    const option = exchanges ? where : "Option --expect";
    throw new UsageError(
      `${option}: where nothing is sent the peer speaks once a connection; add --connect`,
    );
  }
  return specs;
}

const MAX_WEIGHT = 1e6;
const NOTHING = new Uint8Array();

function isAsked({ send, expect, expectBytes, expectLine }: ExchangeSpec): boolean {
  return send.length > 0 || expect.length > 0 || expectBytes !== undefined || expectLine;
}

const KEYS = ["send", "sendFile", "expect", "expectBytes", "expectLine", "weight"];

function readExchanges(path: string): readonly ExchangeSpec[] {
  const all = readJsonList(path, { thing: "exchange", read: readExchange });
  if (all.length > 0) return all;
  throw new UsageError(`${path}: a list of exchanges is needed`);
}

function readExchange(entry: unknown): ExchangeSpec {
  if (!isObject(entry)) throw new UsageError("an object is needed");
  const { send = "", sendFile, expect = [], expectBytes, expectLine = false, weight = 1 } = entry;
  const stray = Object.keys(entry).find((key) => !KEYS.includes(key));
  if (stray !== undefined) {
    throw new UsageError(`an exchange has no "${stray}"`, { given: stray, among: KEYS });
  }
  const expected = [expect].flat();
  check(typeof send === "string", "send: a text is needed");
  check(sendFile === undefined || typeof sendFile === "string", "sendFile: a path is needed");
  check(expected.every((each) => typeof each === "string"), "expect: texts are needed");
  check(
    expectBytes === undefined ||
      (Number.isInteger(expectBytes) && Number(expectBytes) > 0 &&
        Number(expectBytes) <= MAX_ANSWER_BYTES),
    `expectBytes: a whole number above 0 and up to ${MAX_ANSWER_BYTES} is needed`,
  );
  check(typeof expectLine === "boolean", "expectLine: true or false is needed");
  check(!expectLine || expectBytes === undefined, "expectLine and expectBytes exclude each other");
  check(
    typeof weight === "number" && weight > 0 && weight <= MAX_WEIGHT,
    `weight: a number above 0 and up to ${MAX_WEIGHT} is needed`,
  );
  const spec = {
    send: concat([unescape(String(send)), ...(sendFile ? [readFile(String(sendFile))] : [])]),
    expect: expected.map(String),
    expectBytes: expectBytes as number | undefined,
    expectLine: Boolean(expectLine),
    weight: Number(weight),
  };
  new OwnRequest(spec); // throws where it is none
  return spec;
}

function check(holds: boolean, message: string): void {
  if (!holds) throw new UsageError(message);
}
