import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { withPatterns } from "../../../lib/core/byte_pattern.ts";
import { UsageError } from "../../../lib/core/errors.ts";
import { ownExchange } from "../../../lib/probe/own_exchange.ts";
import type { ExchangeSpec } from "../../../lib/probe/own_request.ts";
import { fillingOf, Template } from "../../../lib/probe/template.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

type Asked = Partial<Omit<ExchangeSpec, "send">> & { readonly send?: string };

interface Talk {
  /** The requests as they are sent. */
  ask(first: number, count?: number): string;
  hear(text: string): void;
  readonly pending: number;
  /** Answers as `number:intact:size`, and the kinds of strays. */
  readonly told: string[];
}

async function talk(specs: readonly Asked[], { framed = false } = {}): Promise<Talk> {
  const told: string[] = [];
  const exchange = await withPatterns(() =>
    ownExchange(specs.map((spec) => ({
      ...{ expect: [], expectBytes: undefined, expectLine: false, weight: 1 },
      ...spec,
      send: encode(spec.send ?? "q"),
    })))
  );
  const dialogue = exchange.open({
    framed,
    batch: 8,
    onAnswer: (number, intact, size) => void told.push(`${number}:${intact}:${size}`),
    onStray: (kind) => void told.push(kind),
  });
  return {
    ask: (first, count = 1) => decode(dialogue.requests(first, count)),
    hear: (text) => dialogue.received(encode(text)),
    get pending() {
      return dialogue.pending;
    },
    told,
  };
}

Deno.test("own exchange: an answer is what has come since the last one, however it is cut", async () => {
  const one = await talk([{ expect: ["250", "\\r\\n"] }]);
  one.ask(1);
  for (const char of "220 hello\r\n250 ok\r") one.hear(char);
  assertEquals([one.told, one.pending], [[], 18]);
  one.hear("\n");
  assertEquals([one.told, one.pending], [["1:true:19"], 0]);
  one.ask(2, 2);
  one.hear("250 a\r\n250 b\r\nrest");
  assertEquals([one.told.slice(1), one.pending], [["2:true:7", "3:true:7"], 0]);
});

Deno.test("own exchange: what is left over is the next one's", async () => {
  const one = await talk([{ expect: ["OK"] }]);
  one.ask(1);
  one.hear("OK and more ");
  one.ask(2);
  one.hear("OK");
  assertEquals(one.told, ["1:true:2", "2:true:12"]);
});

Deno.test("own exchange: an answer like the last one is right, another one is looked at for itself", async () => {
  const one = await talk([{ expect: ["OK\\n"] }]);
  one.ask(1, 5);
  for (const text of ["1 OK\n", "1 OK\n", "1 KO\n", "1 OK\n", "2 OK\n"]) one.hear(text);
  assertEquals(one.told, ["1:true:5", "2:true:5", "3:true:10", "4:true:5"]);
  one.hear("2 OK\n");
  one.hear("2 OK\n");
  assertEquals(one.told.slice(4), ["5:true:5", "a second answer"]);

  const kinds = await talk([{ expect: ["OK"], expectBytes: 2 }]);
  kinds.ask(1, 3);
  for (const text of ["OK", "KO", "OK"]) kinds.hear(text);
  assertEquals(kinds.told, ["1:true:2", "2:false:2", "3:true:2"]);
});

Deno.test("own exchange: an answer like the last one is known however it comes, and an unlike one never", async () => {
  const one = await talk([{ expect: ["OK\\n"] }]);
  one.ask(1, 4);
  for (const text of ["1 OK\n", "1 O", "K\n", "1 OK\n"]) one.hear(text);
  assertEquals(one.told, ["1:true:5", "2:true:5", "3:true:5"]);

  const long = "x".repeat(70_000) + "OK\n"; // too long to be remembered
  one.ask(5, 2);
  for (const text of [long, long, long.slice(1)]) one.hear(text);
  assertEquals(one.told.slice(3), ["4:true:70003", "5:true:70003", "6:true:70002"]);

  const unlike = await talk([{ expect: ["OK\\n"], expectLine: true }]);
  const texts = Array.from({ length: 40 }, (_, number) => `${number % 30} OK\n`);
  unlike.ask(1, 42);
  for (const text of [...texts, "9 OK\n", "9 KO\n"]) unlike.hear(text);
  const wanted = texts.map(({ length }, index) => `${index + 1}:true:${length}`);
  assertEquals(unlike.told, [...wanted, "41:true:5", "42:false:5"]);

  const kinds = await talk([
    { send: "a", expect: ["A"], expectBytes: 1 },
    { send: "b", expect: ["B"], expectBytes: 1 },
  ]);
  const asked = kinds.ask(1, 8);
  for (const sent of asked) kinds.hear(sent.toUpperCase());
  assertEquals(kinds.told, Array.from(asked, (_, index) => `${index + 1}:true:1`));
  const more = kinds.ask(9, 8);
  for (const sent of more) kinds.hear(sent === "a" ? "B" : "A");
  assertEquals(kinds.told.slice(8), Array.from(more, (_, index) => `${index + 9}:false:1`));
});

Deno.test("own exchange: the one text that is expected is right in its length alone", async () => {
  const bytes = await talk([{ send: "{seq}", expect: ["{seq}"], expectBytes: 2 }]);
  bytes.ask(1, 2);
  bytes.hear("1");
  assertEquals([bytes.told, bytes.pending], [[], 1]);
  bytes.hear("x");
  assertEquals(bytes.told, ["1:true:2"]);
  const line = await talk([{ send: "{seq}", expect: ["{seq}"], expectLine: true }]);
  line.ask(1);
  line.hear("1");
  assertEquals([line.told, line.pending], [[], 1]);
  line.hear("\n");
  assertEquals(line.told, ["1:true:2"]);
});

Deno.test("own exchange: many requests at once are whole, whatever room they take", async () => {
  const one = await talk([{ send: "{seq}:{random:100}\n", expectLine: true }]);
  const lines = one.ask(98, 5).split("\n");
  assertEquals(lines.map((line) => line.length), [103, 103, 104, 104, 104, 0]);
  assertEquals(lines.map((line) => line.split(":")[0]), ["98", "99", "100", "101", "102", ""]);
  assertMatch(one.ask(103), /^103:[a-z\d]{100}\n$/);
});

Deno.test("own exchange: a line, or so many bytes, are right or wrong at once", async () => {
  const line = await talk([{ expect: ["+PONG"], expectLine: true }]);
  line.ask(1, 3);
  line.hear("+PONG\r\n-ERR\r\n+PO");
  assertEquals([line.told, line.pending], [["1:true:7", "2:false:6"], 3]);
  const bytes = await talk([{ expect: ["/^[SN]$/"], expectBytes: 1 }]);
  bytes.ask(1, 3);
  bytes.hear("SxN");
  assertEquals(bytes.told, ["1:true:1", "2:false:1", "3:true:1"]);
  const any = await talk([{ expectBytes: 4 }]);
  any.ask(1);
  any.hear("abcd");
  assertEquals(any.told, ["1:true:4"]);
});

Deno.test("own exchange: a whole answer that nothing waits for is a second one", async () => {
  const one = await talk([{ expectLine: true, expect: ["a"] }]);
  one.ask(1);
  one.hear("a\na\nb");
  assertEquals([one.told, one.pending], [["1:true:2", "a second answer"], 1]);
});

Deno.test("own exchange: {seq}, {uuid} and {random:N} are the same in a request and its answer", async () => {
  const send = 'GET /{seq}/{uuid}/{random:9} {{seq}} {{x}} {"a":1}\n';
  const one = await talk([{ send, expect: ["{uuid}-{random:9}-{seq}\\n"], expectLine: true }]);
  const asked = /^GET \/(\d+)\/([\da-f-]{36})\/(\w{9}) \{seq\} \{\{x\}\} \{"a":1\}\n$/.exec(
    one.ask(1),
  )!;
  const [, seq, uuid, random] = asked;
  one.hear(`${uuid}-${random}-${seq}\n`);
  const next = one.ask(2);
  assert(!next.includes(uuid!) && !next.includes(random!));
  one.hear(`${uuid}-${random}-2\n`);
  assertEquals(one.told.map((each) => each.split(":")[1]), ["true", "false"]);
});

Deno.test("own exchange: placeholders in a regex, and braces that are none", async () => {
  const regex = await talk([{ send: "{seq}", expect: ["/^id={seq}[;,]/"] }]);
  assertEquals(regex.ask(1), "1");
  regex.hear("id=1");
  regex.hear(";");
  assertEquals(regex.told, ["1:true:5"]);
  const constant = await talk([{ send: '{"a":{"n":{seq}}}', expect: ["/OK {{seq}}/"] }]);
  assertEquals(constant.ask(7), '{"a":{"n":7}}');
  constant.ask(1);
  constant.hear("OK {seq}");
  assertEquals(constant.told, ["1:true:8"]);
  const literal = await talk([{ send: "{{uuid}}", expect: ["{{seq}}\\x21"] }]);
  assertEquals(literal.ask(1), "{uuid}");
  literal.hear("{seq}!");
  assertEquals(literal.told, ["1:true:6"]);
});

Deno.test("own exchange: each kind is made as often as its weight has it, and told by its own answer", async () => {
  const one = await talk([
    { send: "g", expect: ["G\\n"], expectLine: true, weight: 3 },
    { send: "s", expect: ["S\\n"], expectLine: true, weight: 1 },
  ]);
  let gets = 0;
  for (let number = 1; number <= 4000; number++) {
    const asked = one.ask(number);
    if (asked === "g") gets++;
    one.hear(`${asked.toUpperCase()}\n`);
  }
  assert(one.told.every((each) => each.includes("true")));
  assert(Math.abs(gets - 3000) < 150, `${gets} of 4000`);
});

Deno.test("own exchange: over UDP a datagram is an answer, whole", async () => {
  const one = await talk([{ expect: ["ok"] }], { framed: true });
  one.ask(1);
  one.hear("not o");
  one.ask(2);
  one.hear("ok!");
  one.hear("ok!");
  assertEquals(one.told, ["1:false:5", "2:true:3", "a second answer"]);
});

Deno.test("own exchange: over UDP a late or second answer takes no other's place", async () => {
  const one = await talk([{ send: "{seq}", expect: ["/^{seq}$/"] }], { framed: true });
  one.ask(1);
  one.hear("1");
  one.ask(2);
  for (const answer of ["1", "2", "2"]) one.hear(answer);
  one.ask(3);
  one.hear("3");
  assertEquals(one.told, ["1:true:1", "1:true:1", "2:true:1", "2:true:1", "3:true:1"]);
});

Deno.test("own exchange: what is left over is no answer that is cut short, until more comes", async () => {
  const one = await talk([{ expect: ["OK"] }]);
  one.ask(1);
  one.hear("OK\r\n");
  one.ask(2);
  assertEquals(one.pending, 0);
  one.hear("O");
  assertEquals(one.pending, 1);
});

Deno.test("own exchange: what is no expectation is told at once", async () => {
  const spec = { send: new Uint8Array(), expectBytes: undefined, expectLine: false, weight: 1 };
  assertThrows(() => ownExchange([{ ...spec, expect: ["\\q"] }]), UsageError, "none of");
  for (const empty of ["/(ERR)?/", "/x*/", "/$/"]) {
    await withPatterns(() =>
      assertThrows(
        () => ownExchange([{ ...spec, expect: [empty] }]),
        UsageError,
        "nothing is enough",
      )
    );
  }
  assertThrows(
    () => ownExchange([{ ...spec, expect: ["/[z-{seq}]/"] }]),
    UsageError,
    "no regular expression",
  );
  assertThrows(() => new Template("{random:99999999}"), UsageError, "more than 1 MiB");
  const random = new Template("{random:100000}").fill(fillingOf(["random:100000"], 1));
  assertMatch(random, /^[a-z0-9]{100000}$/);
});
