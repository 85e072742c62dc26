/** The control interface answers what its OpenAPI document says. */
import { assert, assertEquals } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import document from "../../lib/control/openapi.json" with { type: "json" };
import { Controlled } from "../support/control.ts";

interface Operation {
  readonly requestBody?: { readonly content: Contents };
  readonly responses: Readonly<Record<string, { readonly content?: Contents }>>;
}
type Contents = Readonly<Record<string, { readonly schema: object }>>;

const paths = document.paths as unknown as Record<string, Record<string, Operation>>;

/** What is asked: path of the document, method, path asked, body. */
const REQUESTS: readonly (readonly [string, string, string, unknown?])[] = [
  ["/v1", "get", "/v1"],
  ["/v1/health", "get", "/v1/health"],
  ["/v1/openapi.json", "get", "/v1/openapi.json"],
  ["/v1/endpoints", "post", "/v1/endpoints", {
    name: "a/b",
    address: "127.0.0.1:0",
    service: "echo",
    options: { "idle-timeout": "9s", allow: ["::1", "127.0.0.1"] },
    faults: [{ kind: "stall", stall: "1ms" }],
  }],
  ["/v1/endpoints", "post", "/v1/endpoints", {
    name: "p",
    listen: "localhost:0",
    upstream: "127.0.0.1:9",
    toxics: [{ type: "latency", attributes: { latency: 5 } }],
  }],
  ["/v1/endpoints", "get", "/v1/endpoints"],
  ["/v1/endpoints/{endpoint}", "get", "/v1/endpoints/a%2Fb"],
  ["/v1/endpoints/{endpoint}", "patch", "/v1/endpoints/p", { enabled: false }],
  ["/v1/endpoints/{endpoint}/faults", "post", "/v1/endpoints/a%2Fb/faults", {
    kind: "corrupt",
    rate: 0.5,
    direction: "in",
  }],
  ["/v1/endpoints/{endpoint}/faults", "get", "/v1/endpoints/p/faults"],
  ["/v1/endpoints/{endpoint}/faults/{fault}", "get", "/v1/endpoints/a%2Fb/faults/stall_downstream"],
  [
    "/v1/endpoints/{endpoint}/faults/{fault}",
    "patch",
    "/v1/endpoints/a%2Fb/faults/stall_downstream",
    { stall: "2ms", connections: "1-3" },
  ],
  ["/v1/config", "get", "/v1/config"],
  ["/v1/catalog", "get", "/v1/catalog"],
  ["/v1/sessions", "get", "/v1/sessions?connection=1&connection=2"],
  ["/v1/sessions/{session}", "get", "/v1/sessions/1"],
  ["/v1/sessions/{session}/reset", "post", "/v1/sessions/1/reset"],
  ["/metrics", "get", "/metrics"],
  [
    "/v1/endpoints/{endpoint}/faults/{fault}",
    "delete",
    "/v1/endpoints/a%2Fb/faults/corrupt_upstream",
  ],
  ["/v1/endpoints/{endpoint}", "delete", "/v1/endpoints/p"],
  ["/v1/endpoints/{endpoint}", "get", "/v1/endpoints/none"],
];

Deno.test("control: every answer is what the OpenAPI document says, and every route is in it", async () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, "doc");
  const check = (schema: object, value: unknown, where: string) => {
    const text = JSON.stringify(schema).replaceAll('"#/', '"doc#/');
    const valid = ajv.validate(JSON.parse(text), value);
    assert(valid, `${where}: ${ajv.errorsText()} in ${JSON.stringify(value)}`);
  };
  await using server = await Controlled.start(["127.0.0.1:0=discard,name=d"]);
  const port = Number(/:(\d+),/.exec(await server.line(/^listening/))![1]);
  using _conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await server.line(/opened/);
  const asked = new Set<string>();
  for (const [path, method, real, body] of REQUESTS) {
    const { requestBody, responses } = paths[path]![method]!;
    asked.add(`${method} ${path}`);
    if (body) check(requestBody!.content["application/json"]!.schema, body, real);
    const { status, json, type, text } = await server.ask(`${method.toUpperCase()} ${real}`, body);
    const { content } = responses[status] ?? responses["default"]!;
    const wanted = real.endsWith("/none") ? 404 : Number(Object.keys(responses)[0]);
    assertEquals(status, wanted, `${real}: ${text}`);
    if (!content) {
      assertEquals(text, "");
      continue;
    }
    const [[mediaType, { schema }]] = Object.entries(content) as [[string, { schema: object }]];
    assert(type?.startsWith(mediaType), `${real}: ${type}`);
    check(schema, json ?? text, real);
  }
  const streams = [
    "get /v1/events",
    "get /v1/state",
    "get /v1/sessions/{session}/bytes",
    "get /v1/capture",
    "delete /v1/sessions/{session}",
  ];
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`)
  );
  assertEquals(described.filter((each) => !asked.has(each)).toSorted(), streams.toSorted());
});
