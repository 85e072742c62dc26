/** The rules of CONTRIBUTING that a machine can check: layers, circles, alternatives. */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { ROOT, runProgram } from "../support/programs.ts";
import { needingFile } from "../support/skips.ts";

/** Every folder and program file by its layer: it imports from lower layers and from itself. */
const LAYERS: ReadonlyMap<string, number> = new Map([
  ["main.ts", 10],
  ["server.ts", 9],
  ["client.ts", 9],
  ["lib/control/", 8],
  ["lib/client/", 8],
  ["lib/manual/", 8],
  ["lib/server/", 7],
  ["lib/bench/", 7],
  ["lib/ping/", 7],
  ["lib/throughput/", 6],
  ["lib/report/", 5],
  ["lib/log/", 4],
  ["lib/capture/", 4],
  ["lib/faults/", 4],
  ["lib/probe/", 4],
  ["lib/net/", 3],
  ["lib/cli/", 2],
  ["lib/terminal/", 1],
  ["lib/core/", 0],
]);

/**
 * Folders that hold alternatives and nothing else; the file of the same name beside each is their
 * table.
 */
const ALTERNATIVES = [
  "lib/client/modes",
  "lib/faults/kinds",
  "lib/manual/completions",
  "lib/manual/topics",
  "lib/net/transports",
  "lib/report/formats",
  "lib/server/services",
];

const FOLDER = fileURLToPath(ROOT);

/** Where a thread of the program begins. */
const ENTRIES = [
  "main.ts",
  "lib/bench/worker.ts",
  "lib/client/loopback_worker.ts",
  "lib/control/page/main.tsx", // in a browser
];

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier: string };
    readonly type?: { readonly specifier: string };
  }[];
}

type Import = readonly [from: string, to: string];

async function importsFrom(entry: string): Promise<Import[]> {
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
      return from && to && to !== "deno.json" ? [[from, to] as const] : [];
    })
  );
}

function folderOf(path: string): string {
  const folder = [...LAYERS.keys()].find((folder) => path.startsWith(folder));
  assert(folder, `${path} is in no folder of the table`);
  return folder;
}

/**
 * Which alternative of a folder a file belongs to, if it does: "tls" for
 * `transports/tls/client.ts`.
 */
function alternativeOf(path: string, folder: string): string | undefined {
  if (!path.startsWith(`${folder}/`)) return undefined;
  return /^[^/.]+/.exec(path.slice(folder.length + 1))![0];
}

async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    if (isDirectory) files.push(...await filesBelow(`${folder}${name}/`));
    else files.push(`${folder}${name}`);
  }
  return files;
}

const imports = (await Promise.all(ENTRIES.map(importsFrom))).flat();

Deno.test("a folder imports from lower layers only", () => {
  const wrong = imports.filter(([from, to]) => {
    const [above, below] = [folderOf(from), folderOf(to)];
    return above !== below && LAYERS.get(above)! <= LAYERS.get(below)!;
  });
  assertEquals(wrong, []);
});

Deno.test("no circles", () => {
  const byFile = Map.groupBy(imports, ([from]) => from);
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    assert(!trail.includes(path), `circle: ${[...trail, path].join(" -> ")}`);
    if (done.has(path)) return;
    for (const [, to] of byFile.get(path) ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const entry of ENTRIES) visit(entry, []);
  assert(done.size > 100);
});

for (const folder of ALTERNATIVES) {
  Deno.test(`${folder}: alternatives do not import each other`, () => {
    const wrong = imports.filter(([from, to]) => {
      const [one, other] = [alternativeOf(from, folder), alternativeOf(to, folder)];
      return one && other && one !== other;
    });
    assertEquals(wrong, []);
  });

  Deno.test(`${folder}: ${folder}.ts imports each of them, and nobody else does`, async () => {
    const table = `${folder}.ts`;
    const listed = new Set(
      imports.filter(([from]) => from === table).map(([, to]) => alternativeOf(to, folder)),
    );
    const others = imports.filter(([from, to]) =>
      from !== table && !alternativeOf(from, folder) && alternativeOf(to, folder)
    );
    assertEquals(others, []);
    for (const file of await filesBelow(`${folder}/`)) {
      const alternative = alternativeOf(file, folder);
      assert(listed.has(alternative), `${file} is not an alternative that ${table} lists`);
    }
  });
}

Deno.test("every file of lib is in a folder, and every module is used", async () => {
  const used = new Set(imports.flat());
  for (const file of await filesBelow("lib/")) {
    folderOf(file);
    if (/\.tsx?$/.test(file) && !file.endsWith(".d.ts")) {
      assert(used.has(file), `${file} is unused`);
    }
  }
});

Deno.test({
  ...needingFile(`${FOLDER}.git`, "nothing is at the top level that does not belong there", [
    "git",
  ]),
  async fn() {
    const { text } = await runProgram(["git", [
      "-C",
      FOLDER,
      "-c",
      "safe.directory=*",
      "ls-files",
    ]]);
    const top = text.trim().split("\n").map((path) => path.split("/")[0]!);
    const [dotted, plain] = [true, false].map((isDotted) =>
      [...new Set(top)].filter((name) => name.startsWith(".") === isDotted)
    );
    assertEquals(dotted, [".ci", ".gitattributes", ".github", ".gitignore", ".tool-versions"]);
    const documents = ["CHANGELOG.md", "LICENSE", "README.md"];
    const program = ["client.ts", "deno.json", "deno.lock", "lib", "main.ts", "server.ts", "tests"];
    assertEquals(plain, [...documents, ...program]);
  },
});

Deno.test("each subcommand loads only its own code", () => {
  const reach = (start: string): string[] => {
    const seen = new Set([start]);
    for (const path of seen) {
      for (const [from, to] of imports) if (from === path) seen.add(to);
    }
    return [...seen];
  };
  assertEquals(
    reach("server.ts").filter((path) => /^lib\/(client|bench|ping|probe)\//.test(path)),
    [],
  );
  assertEquals(reach("client.ts").filter((path) => /^lib\/(server|faults)\//.test(path)), []);
});

Deno.test("only main.ts ends the process; no default export, no any", async () => {
  const files = ["server.ts", "client.ts", ...await filesBelow("lib/")];
  for (const path of files) {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    assert(!/Deno\.exit\b|process\.exit\b/.test(text), `${path} ends the process`);
    assert(!/export default/.test(text), `${path} has a default export`);
    assert(!/:\s*any\b|<any>|as any\b/.test(text), `${path} uses any`);
  }
});

Deno.test("CONTRIBUTING has each folder with its layer and its purpose", async () => {
  const text = await Deno.readTextFile(new URL(".github/CONTRIBUTING.md", ROOT));
  for (const [folder, layer] of LAYERS) {
    const row = new RegExp(`^\\| ${layer} +\\| .*\`${folder}\`.* \\| \\S.{20,} \\|$`, "m");
    assert(row.test(text), `${folder} at layer ${layer}`);
  }
});
