/** The options of exchanges of one's own. */
import { readFile, readTextFile } from "../cli/files.ts";
import { count, flag, list, text, type Values } from "../cli/options.ts";
import { UsageError } from "../core/errors.ts";
import { unescape } from "../core/escapes.ts";
import { explain } from "../core/explain.ts";
import { isObject, type JsonObject } from "../core/json.ts";
import { concat } from "@std/bytes/concat";
import { type Expectation, parseExpectation } from "./expect_buffer.ts";
import type { ExchangeSpec } from "./own_request.ts";

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
  expectBytes: count({ summary: "an answer has N bytes", excludes: ["expectLine", "size"] }),
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

/**
 * The exchanges that the options ask for; undefined where an echo is expected.
 *
 * @throws {UsageError} where nothing says what an answer is
 */
export function exchangesFrom(
  { send, sendFile, expect, expectBytes, expectLine, exchanges }: Values<typeof exchangeOptions>,
  { connect }: {
    /** Whether each request has a connection of its own. */
    readonly connect: boolean;
  },
): readonly ExchangeSpec[] | undefined {
  const request = concat([...send, ...sendFile]);
  const spec = {
    send: request,
    expect: expect.map(({ text }: Expectation) => text),
    ...{ expectBytes, expectLine, weight: 1 },
  };
  const specs = exchanges ?? (isAsked(spec) ? [spec] : undefined);
  for (const { send, ...answer } of specs ?? []) {
    if (!isAsked({ ...answer, send: NOTHING })) {
      throw new UsageError(
        "Option --send: what is the answer? Give --expect, --expect-bytes or --expect-line",
      );
    }
    if (send.length > 0 || connect) continue;
    throw new UsageError(
      "Option --expect: without --send the peer speaks once a connection; add --connect",
    );
  }
  return specs;
}

const NOTHING = new Uint8Array();

function isAsked({ send, expect, expectBytes, expectLine }: ExchangeSpec): boolean {
  return send.length > 0 || expect.length > 0 || expectBytes !== undefined || expectLine;
}

const KEYS = ["name", "send", "sendFile", "expect", "expectBytes", "expectLine", "weight"];

function readExchanges(path: string): readonly ExchangeSpec[] {
  let data: unknown;
  try {
    data = JSON.parse(readTextFile(path));
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`${path}: ${explain(error)}`);
  }
  if (!Array.isArray(data) || data.length === 0) {
    throw new UsageError(`${path}: a list of exchanges is needed`);
  }
  return data.map((entry: unknown, index) => {
    try {
      if (!isObject(entry)) throw new UsageError("an object is needed");
      return readExchange(entry);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`${path}, exchange ${index + 1}: ${error.message}`, error.suggestion);
    }
  });
}

function readExchange(entry: JsonObject): ExchangeSpec {
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
    expectBytes === undefined || (Number.isInteger(expectBytes) && Number(expectBytes) > 0),
    "expectBytes: a whole number above 0 is needed",
  );
  check(typeof expectLine === "boolean", "expectLine: true or false is needed");
  check(!expectLine || expectBytes === undefined, "expectLine and expectBytes exclude each other");
  check(Number(weight) > 0 && typeof weight === "number", "weight: a number above 0 is needed");
  for (const each of expected) parseExpectation(String(each));
  return {
    send: concat([unescape(String(send)), ...(sendFile ? [readFile(String(sendFile))] : [])]),
    expect: expected.map(String),
    expectBytes: expectBytes as number | undefined,
    expectLine: Boolean(expectLine),
    weight: Number(weight),
  };
}

function check(holds: boolean, message: string): void {
  if (!holds) throw new UsageError(message);
}
