// deno-lint-ignore-file no-console
/**
 * Makes the pictures of the page at --control, in .github, from a real run: servers, clients that
 * talk to them for a minute, and Chromium. Uses ports 5432, 5433, 6380, 2525 and 8474 of this machine.
 *
 * usage: deno task screenshots
 */
import puppeteer from "puppeteer-core";

const ROOT = new URL("../../", import.meta.url).pathname;
const PAGE = "http://localhost:8474/#/endpoint/db";
const SECONDS = 75; // of traffic, before the first picture
const SIZE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };

const SERVERS = [
  ["server", "localhost:5432=echo"],
  [
    ...["server", "localhost:5433=forward,name=db,to=localhost:5432", "localhost:6380,name=cache"],
    ...["localhost:2525=reply,name=mail,enabled=false,reply=220 mail.example ESMTP"],
    ...["--fault", "latency:200ms,jitter=50ms,distribution=normal,on=db"],
    ...["--fault", "corrupt:0.02%,on=cache", "--control", "localhost:8474", "--seed", "1"],
  ],
];

const DIALOGUES = [
  { port: 5433, lines: ["SELECT id, name FROM users WHERE id = 17\0", "BEGIN\0", "COMMIT\0"] },
  { port: 6380, lines: ["*2\r\n$3\r\nGET\r\n$7\r\nsession\r\n", "PING\r\n"] },
];

function start(args: readonly string[]): Deno.ChildProcess {
  const command = ["run", "-A", `${ROOT}main.ts`, ...args, "-q"];
  return new Deno.Command(Deno.execPath(), { args: command, stdout: "null" }).spawn();
}

// A client that talks for a while, and comes again.
async function talk(
  { port, lines }: (typeof DIALOGUES)[number],
  { every, over }: { readonly every: number; readonly over: AbortSignal },
): Promise<void> {
  for (let round = 0; !over.aborted; round++) {
    using conn = await Deno.connect({ hostname: "localhost", port });
    for (let said = 0; said < 20 + every % 7 * 10 && !over.aborted; said++) {
      const line = lines[(round + said) % lines.length]!;
      const load = Math.random() < 0.1 ? line.repeat(20) : line;
      await conn.write(new TextEncoder().encode(load));
      await conn.read(new Uint8Array(65536));
      await pause(every * (0.5 + Math.random()));
    }
  }
}

const servers = SERVERS.map(start);
const over = new AbortController();
try {
  await pause(2000);
  const clients = [90, 140, 260, 410, 650, 800].flatMap((every) =>
    DIALOGUES.map((dialogue) => talk(dialogue, { every, over: over.signal }).catch(() => {}))
  );
  await pause(SECONDS * 1000);
  const browser = await puppeteer.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  for (
    const [name, scheme, size, wait] of [
      ["light", "light", SIZE, ".bytes .line"],
      ["dark", "dark", SIZE, ".bytes .line"],
      ["narrow", "light", NARROW, ".row"],
    ] as const
  ) {
    const page = await browser.newPage();
    await page.setViewport({ ...size, deviceScaleFactor: 1 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.goto(PAGE + (name === "narrow" ? "" : `/connection/${await newest()}`));
    await page.waitForSelector(wait);
    await pause(5000);
    const path = `${ROOT}.github/page-${name}.png`;
    await page.screenshot({ path: path as `${string}.png` });
    console.log(path);
    await page.close();
  }
  await browser.close();
  over.abort();
  await Promise.all(clients);
} finally {
  for (const server of servers) server.kill("SIGTERM");
}

// The connection that stays open the longest.
async function newest(): Promise<number> {
  const answer = await fetch("http://localhost:8474/v1/sessions?endpoint=db");
  const sessions = await answer.json() as { readonly connection: number }[];
  return sessions.at(-1)!.connection;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
