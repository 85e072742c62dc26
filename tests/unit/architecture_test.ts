/** The house rules that a machine can check (design, section 1). */
import { assert, assertEquals } from "@std/assert";
import { ROOT } from "../helpers.ts";

/** From the ground up: a module imports from its own floor's leaves or from below. */
const FLOORS: readonly (readonly [room: RegExp, floor: number])[] = [
  [/^lib\/net\//, 1],
  [/^lib\/(services|faults)\//, 2],
  [/^lib\/(events|load)\//, 2],
  [/^lib\/(reports\/|delivery\.ts$)/, 3],
  [/^lib\/(modes|manual)\//, 4],
  [/^lib\/(bindings|session|sessions|accept|stats|serve|self_server|server_options)\.ts$/, 4],
  [/^lib\//, 0],
  [/^(server|client)\.ts$/, 5],
  [/^main\.ts$/, 6],
  [/^deno\.json$/, 0],
];

/** Rooms whose files are alternatives: none knows of another, only their table does. */
const ALTERNATIVES = /^lib\/(services|faults|modes|reports)\//;
const SHARED =
  /\/(table|service|answer|fault|line|gate|common|parameters|spec|compose|plan|mode|talk|report)\.ts$|\/page\//;

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier: string };
    readonly type?: { readonly specifier: string };
  }[];
}

/** Where a thread of the program begins. */
const ENTRIES = ["main.ts", "lib/load/worker.ts", "lib/self_server.ts"];

async function imports(entry: string): Promise<[from: string, to: string][]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Module[] };
  const local = (specifier: string) =>
    specifier.startsWith(ROOT.href) ? specifier.slice(ROOT.href.length) : undefined;
  return modules.flatMap(({ specifier, dependencies = [] }) =>
    dependencies.flatMap(({ code, type }) => {
      const [from, to] = [local(specifier), local((code ?? type)?.specifier ?? "")];
      return from && to ? [[from, to] as [string, string]] : [];
    })
  );
}

function floorOf(path: string): number {
  const found = FLOORS.find(([room]) => room.test(path));
  assert(found, `${path} is in no room of the house`);
  return found[1];
}

const graph = (await Promise.all(ENTRIES.map(imports))).flat();

Deno.test("imports point downward only", () => {
  const upward = graph.filter(([from, to]) => floorOf(to) > floorOf(from));
  assertEquals(upward, []);
});

Deno.test("no circles", () => {
  const from = Map.groupBy(graph, ([source]) => source);
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    assert(!trail.includes(path), `circle: ${[...trail, path].join(" -> ")}`);
    if (done.has(path)) return;
    for (const [, to] of from.get(path) ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  visit("main.ts", []);
  assert(done.size > 30);
});

Deno.test("alternatives do not know each other", () => {
  const room = (path: string) => ALTERNATIVES.exec(path)?.[0];
  const siblings = graph.filter(([from, to]) =>
    room(from) && room(from) === room(to) && !SHARED.test(from) && !SHARED.test(to)
  );
  assertEquals(siblings, []);
});

Deno.test("a transport does not know another", () => {
  const transport = /^lib\/net\/(tcp|tls|udp|unix)\.ts$/;
  assertEquals(graph.filter(([from, to]) => transport.test(from) && transport.test(to)), []);
});

Deno.test("each subcommand loads only its own code", () => {
  const reach = (start: string): Set<string> => {
    const seen = new Set([start]);
    for (const path of seen) {
      for (const [from, to] of graph) if (from === path) seen.add(to);
    }
    return seen;
  };
  const [server, client] = [reach("server.ts"), reach("client.ts")];
  assertEquals([...server].filter((path) => /^client|modes|terminal|verifier/.test(path)), []);
  assertEquals(
    [...client].filter((path) => /^server|\/(sessions?|accept|serve)\.ts|services/.test(path)),
    [],
  );
});

Deno.test("only main.ts ends the process; no default export, no any", async () => {
  const sources = ["server.ts", "client.ts"];
  const walk = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
      if (isDirectory) await walk(`${folder}${name}/`);
      else sources.push(`${folder}${name}`);
    }
  };
  await walk("lib/");
  for (const path of sources) {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    assert(!/Deno\.exit\b|process\.exit\b/.test(text), `${path} ends the process`);
    assert(!/export default/.test(text), `${path} has a default export`);
    assert(!/:\s*any\b|<any>|as any\b/.test(text), `${path} uses any`);
  }
});
