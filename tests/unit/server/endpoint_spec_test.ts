import { assertEquals, assertRejects } from "@std/assert";
import { parseOptions } from "../../../lib/cli/parse.ts";
import { UsageError } from "../../../lib/core/errors.ts";
import { formatAddress } from "../../../lib/net/address.ts";
import { parseAddress } from "../../../lib/net/parse_address.ts";
import { listenOptions } from "../../../lib/net/transports.ts";
import { checkConflicts, checkLoops } from "../../../lib/server/conflicts.ts";
import { parseEndpoints } from "../../../lib/server/endpoint_spec.ts";
import { serverOptions } from "../../../lib/server/options.ts";
import { serviceOptions } from "../../../lib/server/services.ts";

async function parse(endpoints: readonly string[], options: readonly string[] = []) {
  const parsed = await parseOptions([serverOptions, serviceOptions, listenOptions], options);
  const specs = await parseEndpoints(endpoints, parsed);
  checkConflicts(specs);
  checkLoops(specs);
  return specs;
}

const text = (bytes: unknown) => new TextDecoder().decode(bytes as Uint8Array);

Deno.test("an endpoint has its own values, and the server's where it says nothing", async () => {
  const [one, other] = await parse(
    [":1=reply,reply=own,name=a,idle-timeout=1s", ":2=reply,enabled=false"],
    ["--reply", "default", "--idle-timeout", "5s", "--handshake-timeout", "2s"],
  );
  assertEquals([one!.name, other!.name], ["a", undefined]);
  assertEquals([one!.enabled, other!.enabled], [true, false]);
  assertEquals([text(one!.values.reply), text(other!.values.reply)], ["own", "default"]);
  assertEquals([one!.values.idleTimeout, other!.values.idleTimeout], [1000, 5000]);
  assertEquals([one!.values.handshakeTimeout, other!.values.handshakeTimeout], [2000, 2000]);
});

Deno.test("an own list replaces the server's", async () => {
  const [one, other] = await parse(
    [":1=forward,to=a:1,to=b:2", ":2=forward"],
    ["--to", "c:3", "--to", "d:4"],
  );
  const hosts = ({ values }: { values: Record<string, unknown> }) =>
    (values.to as { hostname: string }[]).map(({ hostname }) => hostname);
  assertEquals([hosts(one!), hosts(other!)], [["a", "b"], ["c", "d"]]);
});

Deno.test("a service stands behind the last equal sign, a path with one in quotes", async () => {
  const [one, other, third] = await parse([
    'unix:"/tmp/a=b"',
    'unix:"/tmp/a,x=b"=discard',
    "unix:/tmp/a=b/c",
  ]);
  assertEquals(
    [one, other, third].map((spec) => [formatAddress(spec!.address), spec!.service.name]),
    [['unix:"/tmp/a=b"', "echo"], ['unix:"/tmp/a,x=b"', "discard"], ["unix:/tmp/a=b/c", "echo"]],
  );
});

for (
  const path of ["/tmp/a", "/tmp/a=b", "/tmp/a,b=c", '"/q', "/tmp/a=b/c", "@abstract", 'a"b\\']
) {
  Deno.test(`a printed address can be pasted back: unix ${path}`, () => {
    const address = { transport: "unix" as const, path };
    assertEquals(parseAddress(formatAddress(address)), address);
  });
}

for (
  const [endpoints, options, message] of [
    [[":1,nam=x"], [], 'Endpoint :1 has no parameter "nam"'],
    [[":1,grace=1s"], [], "grace is for the whole server: give --grace"],
    [[":1,fault=latency:1s"], [], "a fault is given by --fault KIND:VALUE,on=NAME"],
    [[":1,reply=x"], [], "reply is for service reply"],
    [[":1,name=a,name=b"], [], "has name twice"],
    [[":1,name=a", ":2,name=a"], [], "Two endpoints are named a"],
    [[":1,enabled=yes"], [], "true or false is needed"],
    [["tls://:1,cert=/nonexistent"], [], "cannot read /nonexistent"],
    [["unix:/tmp/a,b=c"], [], 'is written in quotes, as in unix:"/tmp/a,b=c"'],
    [["unix:/tmp/a=b"], [], 'Unknown service "b"'],
    [[":1=reply"], [], "Service reply needs --reply TEXT"],
    [[":1=reply,reply=x"], ["--reply-file", "LICENSE"], "--reply and --reply-file exclude"],
    [["udp://:1=chargen"], [], "not offered over UDP"],
    [["0.0.0.0:7", "[::]:7"], [], "tcp://[::]:7 serves IPv4 and IPv6"],
    [[":7", "0.0.0.0:7"], [], "leave tcp://0.0.0.0:7 out"],
    [[":1,idle-timeout="], [], "Endpoint :1, idle-timeout needs a value (D)"],
    [[":1,enabled=false"], [], "No endpoint is enabled"],
    [[":1,name="], [], "name needs a value (NAME)"],
    [[":1,cert=x"], [], "cert is for tls://"],
    [["127.0.0.1:7", "tls://127.0.0.1:7"], [], "are the same port; leave one out"],
    [[":7=forward,to=127.0.0.1:7"], [], "Endpoint tcp://:7 would forward to itself"],
    [["unix:/tmp/a=forward,to=unix:/tmp/a"], [], "would forward to itself"],
    [["[::1]:7=forward,to=:8", "tls://:8=forward,to=tls://localhost:7"], [], "to itself"],
    [["127.0.0.1:7", "127.0.0.1:7"], [], "tcp://127.0.0.1:7 is given twice"],
  ] as const
) {
  Deno.test(`${endpoints.join(" ")} ${options.join(" ")}: ${message}`, async () => {
    await assertRejects(() => parse(endpoints, options), UsageError, message);
  });
}

Deno.test("free ports, other families and other protocols do not clash", async () => {
  await parse([":7", ":7,enabled=false"]);
  await parse([":7=forward,to=:8", ":8=forward,to=127.0.0.1:9", "udp://:9=forward,to=udp://:7"]);
  await parse([":0", ":0", "127.0.0.1:7", "[::1]:7", "udp://127.0.0.1:7", "0.0.0.0:8", "[::1]:8"]);
});
