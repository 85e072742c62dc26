/**
 * Makes .github/session.svg of a real session: runs a server and clients, and draws what they
 * print, as it comes. Uses port 8080 of this machine.
 *
 * usage: deno task session
 */
import { TextLineStream } from "@std/streams/text-line-stream";

const OUT = new URL("../session.svg", import.meta.url);
const ROOT = new URL("../../", import.meta.url).pathname;
const COMMANDS = [
  "echo hello | netecho client",
  "printf '\\033[2Jgotcha' | netecho client | xxd",
  "netecho client --ping --count 3 --interval 100ms --quiet",
  "netecho client --bench --rate 2k/s --duration 2s --warmup 500ms",
];
const SERVER = "netecho server --fault latency:20ms,connections=3";

/** Time is shown as it passed, up to so many seconds of nothing. */
const LONGEST_PAUSE = 1.2;

interface Line {
  readonly at: number; // seconds
  readonly text: string;
}

interface Recorded {
  readonly child: Deno.ChildProcess;
  /** Resolves when it has ended, and all is read. */
  readonly over: Promise<unknown>;
}

function record(
  command: string,
  { lines, start }: { lines: Line[]; start: number },
): Recorded {
  lines.push({ at: now(start), text: `\x1b[1m$ ${command}\x1b[0m` });
  const child = new Deno.Command("bash", {
    args: ["-c", `netecho() { deno run -A ${ROOT}main.ts "$@"; }; exec 2>&1; ${command}`],
    env: { FORCE_COLOR: "1" },
    stdout: "piped",
  }).spawn();
  const reading = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(
    new TextLineStream(),
  );
  const read = (async () => {
    for await (const text of reading) lines.push({ at: now(start), text });
  })();
  return { child, over: Promise.all([child.status, read]) };
}

function now(start: number): number {
  return (performance.now() - start) / 1000;
}

// The 8 colours of SGR that netecho uses, on dark.
const COLORS: ReadonlyMap<string, string> = new Map([
  ["31", "#ff7b72"],
  ["32", "#7ee787"],
  ["33", "#e3b341"],
  ["36", "#79c0ff"],
  ["2", "#8b949e"],
  ["1", "#ffffff"],
]);

// The rows of a line, each as wide as its pane, as a terminal wraps it.
function rowsOf(text: string): string[] {
  const rows = [""];
  let [color, column] = ["", 0];
  for (const [index, part] of text.split(/\x1b\[([\d;]*)m/).entries()) {
    if (index % 2 === 1) {
      color = COLORS.get(part.split(";").at(-1)!) ?? "";
      continue;
    }
    for (let rest = part; rest !== "";) {
      if (column === COLUMNS) column = rows.push("") && 0;
      const piece = rest.slice(0, COLUMNS - column);
      const safe = piece.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
      rows[rows.length - 1] += color ? `<tspan fill="${color}">${safe}</tspan>` : safe;
      column += piece.length;
      rest = rest.slice(piece.length);
    }
  }
  return rows;
}

const COLUMNS = 80;
const [WIDTH, ROW, TOP] = [640, 17, 44];

function pane(lines: readonly Line[], { x, title }: { x: number; title: string }): string {
  const rows = lines.flatMap(({ at, text }) => rowsOf(text).map((row) => ({ at, row }))).map(
    ({ at, row }, index) =>
      `<text x="${x + 16}" y="${TOP + 16 + index * ROW}" ` +
      `style="animation-delay:${at.toFixed(2)}s">${row}</text>`,
  );
  return `<text x="${x + 16}" y="26" class="title">${title}</text>\n${rows.join("\n")}`;
}

function draw(server: readonly Line[], client: readonly Line[]): string {
  const rows = Math.max(
    ...[server, client].map((lines) => lines.flatMap(({ text }) => rowsOf(text)).length),
  );
  const [width, height] = [2 * WIDTH, TOP + rows * ROW + 20];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="A netecho server on the left, clients on the right">
<style>
text { font: 12.5px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #c9d1d9; white-space: pre; opacity: 0; animation: show .01s forwards; }
.title { fill: #8b949e; opacity: 1; animation: none; }
@keyframes show { to { opacity: 1; } }
@media (prefers-reduced-motion: reduce) { text { opacity: 1; animation: none; } }
</style>
<rect width="${width}" height="${height}" rx="10" fill="#0d1117"/>
<path d="M${WIDTH} 12V${height - 12}" stroke="#30363d"/>
${pane(server, { x: 0, title: "one terminal" })}
${pane(client, { x: WIDTH, title: "another" })}
</svg>
`;
}

// What took long is shown shorter; both panes keep in step.
function quicker(panes: readonly Line[][]): Line[][] {
  const moments = panes.flat().map(({ at }) => at).sort((a, b) => a - b);
  const shown = new Map<number, number>();
  let [last, time] = [0, 0];
  for (const at of moments) {
    time += Math.min(at - last, LONGEST_PAUSE);
    last = at;
    shown.set(at, time);
  }
  return panes.map((lines) => lines.map(({ at, text }) => ({ at: shown.get(at)!, text })));
}

const start = performance.now();
const [served, asked]: [Line[], Line[]] = [[], []];
const server = record(SERVER, { lines: served, start });
while (!served.some(({ text }) => text.includes("listening"))) {
  if (served.some(({ text }) => text.includes("Cannot"))) throw new Error(served.at(-1)!.text);
  await pause(50);
}
for (const command of COMMANDS) {
  await pause(600);
  await record(command, { lines: asked, start }).over;
  await pause(200);
}
await new Deno.Command("pkill", { args: ["-INT", "-P", `${server.child.pid}`] }).output();
await server.over;
// A bench opens ten connections: the first few lines of it do.
const many = served.findIndex(({ text }) => /#7 /.test(text));
const few = many < 0 ? served : [...served.slice(0, many), { at: served[many]!.at, text: "…" }];
const [left, right] = quicker([few, asked]);
await Deno.writeTextFile(OUT, draw(left!, right!));

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
