/**
 * The page of the control interface under load: how soon it answers to a click beside the idle page,
 * what it keeps in memory, and what it costs the server.
 */
import { BrowserPage } from "../support/browser.ts";
import { Controlled } from "../support/control.ts";
import { runProgram } from "../support/programs.ts";
import { has } from "../support/skips.ts";
import { cpuTime } from "../support/system.ts";
import type { Workshop } from "./competitors.ts";
import { median } from "./contender.ts";

const IDLE_CONNECTIONS = 10_000;
const CONNECTS_PER_SECOND = 1000; // of five events each: opened, three faults, closed
const SECONDS = 60;
const CLICKS = 60;
const LOAD_SECONDS = 3;
const ROUNDS = 7;

const SERVER = ["127.0.0.1:0,name=echo", "-q"];
const FAULTS = ["a", "b", "c"].flatMap((name) => ["--fault", `latency:1us,name=${name}`]);

/** Measures the page, and prints Markdown tables. */
export async function comparePage({ folder, say }: Workshop): Promise<void> {
  if (!has("chromium")) return say("skipped: chromium is not here");
  await compareClicks(say);
  await compareCost({ folder, say });
}

async function compareClicks(say: Workshop["say"]): Promise<void> {
  const idle = await (async () => {
    await using server = await start([]);
    await using view = await open(server);
    return await clicks(view, 20_000);
  })();
  await using server = await start(FAULTS);
  const connections = await Promise.all(
    Array.from({ length: IDLE_CONNECTIONS }, () => connect(server.port)),
  );
  await using view = await open(server);
  await view.sees(/10,000 open/, ".top");
  const over = new AbortController();
  const before = await events(server);
  const started = performance.now();
  const coming = comeAndGo(server.port, over.signal);
  const heap = [await heapMiB(view)];
  const times: number[] = [];
  for (let third = 0; third < 3; third++) {
    times.push(...await clicks(view, SECONDS * 1000 / 3));
    heap.push(await heapMiB(view));
  }
  const rate = (await events(server) - before) * 1000 / (performance.now() - started);
  over.abort();
  await coming;
  for (const connection of connections) connection.close();
  say(`\n| a click, until it is drawn | p50 | p90 | most |\n| --- | ---: | ---: | ---: |`);
  for (const [name, all] of [["idle page", idle], ["10,000 open", times]] as const) {
    const sorted = all.toSorted((a, b) => a - b);
    const at = (share: number) =>
      `${sorted[Math.floor((sorted.length - 1) * share)]!.toFixed(0)} ms`;
    say(`| ${name} | ${at(0.5)} | ${at(0.9)} | ${at(1)} |`);
  }
  say(`\np50 is ${(median(times) / median(idle)).toFixed(1)} times that of the idle page, with`);
  say(
    `${Math.round(rate).toLocaleString("en")} events a second for ${SECONDS} s. Heap of the page,`,
  );
  say(`after each third: ${heap.map((size) => `${size.toFixed(0)} MiB`).join(", ")}.`);
}

// Clicks spread over some time; returns how long each took until the next frame.
async function clicks(view: BrowserPage, milliseconds: number): Promise<number[]> {
  const button = await view.find("where and when", "button").catch(() => undefined) ??
    await view.page.waitForSelector("header button:last-child");
  const { x, y, width, height } = (await button!.boundingBox())!;
  const times: number[] = [];
  for (let click = 0; click < CLICKS / 3; click++) {
    await pause(milliseconds / (CLICKS / 3));
    const started = performance.now();
    await view.page.mouse.click(x + width / 2, y + height / 2);
    await view.page.evaluate(
      "new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))",
    );
    times.push(performance.now() - started);
  }
  return times;
}

async function compareCost({ folder, say }: Pick<Workshop, "folder" | "say">): Promise<void> {
  await using server = await start([]);
  const costs: Record<"no page" | "page" | "page with bytes", number[]> = {
    "no page": [],
    page: [],
    "page with bytes": [],
  };
  const measure = async () => {
    const before = cpuTime(server.pid);
    const args = [server.port, 50, 64, LOAD_SECONDS].map(String);
    const { text } = await runProgram([`${folder}/load`, args]);
    return (cpuTime(server.pid) - before) * 1000 / Number(text.split(" ")[0]);
  };
  await measure(); // does not count
  for (let round = 0; round < ROUNDS; round++) {
    costs["no page"].push(await measure());
    await using view = await open(server);
    await pause(1000);
    costs.page.push(await measure());
    // One of the connections of the next load.
    const next = 1 + Number((await server.ask("GET /v1")).text.match(/"connections":(\d+)/)![1]);
    const loading = measure();
    await pause(300);
    await view.page.evaluate(`location.hash = "#/endpoint/echo/connection/${next}"`);
    costs["page with bytes"].push(await loading);
  }
  say(`\n| TCP, 64 B, 50 connections | CPU a message | ratio |\n| --- | ---: | ---: |`);
  const base = median(costs["no page"]);
  for (const [name, all] of Object.entries(costs)) {
    say(`| ${name} | ${median(all).toFixed(2)} us | ${(median(all) / base).toFixed(2)} |`);
  }
}

async function start(args: readonly string[]): Promise<Controlled & { port: number }> {
  const server = await Controlled.start([...SERVER, ...args]);
  const port = Number(/:(\d+),/.exec(await server.line(/^listening/))![1]);
  return Object.assign(server, { port });
}

async function open(server: Controlled): Promise<BrowserPage> {
  const view = await BrowserPage.open(`${server.url}/#/endpoint/echo`);
  await view.sees(/echo/, ".endpoints");
  return view;
}

function connect(port: number): Promise<Deno.Conn> {
  return Deno.connect({ hostname: "127.0.0.1", port });
}

async function comeAndGo(port: number, over: AbortSignal): Promise<void> {
  const started = performance.now();
  for (let made = 0; !over.aborted; made++) {
    using conn = await connect(port);
    await conn.write(new Uint8Array(1));
    const early = started + made * 1000 / CONNECTS_PER_SECOND - performance.now();
    if (early > 1) await pause(early);
  }
}

async function events(server: Controlled): Promise<number> {
  return Number((await server.ask("GET /v1")).text.match(/"nextEvent":(\d+)/)![1]);
}

async function heapMiB({ page }: BrowserPage): Promise<number> {
  const session = await page.createCDPSession();
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize / 2 ** 20;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
