/** The page at the address of `--control`, in Chromium: seen and used as a person does. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import axe from "axe-core";
import { BrowserPage } from "../support/browser.ts";
import { readAll, readExactly, resettable, writeAll } from "../support/connections.ts";
import { Controlled } from "../support/control.ts";
import { MAY_USE_FFI } from "../support/programs.ts";
import { needing } from "../support/skips.ts";
import { unusedPort, withFolder } from "../support/system.ts";
import { follow } from "../support/tshark.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function inBrowser(
  name: string,
  test: () => Promise<void>,
  programs: readonly string[] = [],
): void {
  Deno.test({
    ...needing(["chromium", ...programs], `page: ${name}`),
    // The driver keeps timers of its own.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: test,
  });
}

async function echoServer(...args: string[]): Promise<Controlled & { port: number }> {
  const server = await Controlled.start(["127.0.0.1:0=echo,name=db", ...args]);
  const port = Number(/:(\d+),/.exec(await server.line(/^listening/))![1]);
  return Object.assign(server, { port });
}

const connectTo = (port: number) => Deno.connect({ hostname: "127.0.0.1", port });

inBrowser(
  "a fault that is added slows a client down, and it is fast when it is removed",
  async () => {
    await using server = await echoServer();
    await using view = await BrowserPage.open(`${server.url}/#/endpoint/db`);
    await view.click("+ add a fault");
    await view.fill("latency", "1h");
    await view.click("add");
    await view.sees(/latency_downstream/, ".faults");
    using conn = await connectTo(server.port);
    await writeAll(conn, encode("hello"));
    await view.sees(/#1\s.*\s5 B.*\s0 B/s, ".grid");
    await view.sees(/struck 1 time, last .*: delays by 1 h/, ".fault");
    await view.click("Remove fault latency_downstream");
    assertEquals(await readExactly(conn, 5), encode("hello"));
    await view.sees(/5 B.*5 B/s, ".grid");
    assertEquals((await server.ask("GET /v1/endpoints/db/faults")).json, []);
    view.assertNoTroubles();
  },
);

inBrowser(
  "a fault is tuned by slider and field, switched off and on; what is wrong is said",
  async () => {
    await using server = await echoServer("--fault", "latency:1h,name=slow");
    await using view = await BrowserPage.open(`${server.url}/#/endpoint/db`);
    const fault = async () => (await server.ask("GET /v1/endpoints/db/faults/slow")).json;
    const slider = await view.find("latency, slider", "slider");
    await slider.press("Home");
    await server.line(/slow: latency latency=0/);
    await view.fill("latency", "50ms");
    await server.line(/latency=50ms/);
    assertEquals(await fault(), { name: "slow", kind: "latency", latency: "50ms" });
    await view.fill("jitter", "much");
    await view.sees(/jitter: a duration such as/, ".fault [role=alert]");
    // What somebody else changes takes no refusal away that is of another parameter.
    await server.ask("PATCH /v1/endpoints/db/faults/slow", { latency: "60ms" });
    await view.page.waitForSelector('[aria-label="latency, slider"][aria-valuetext="60ms"]');
    await view.sees(/jitter: a duration such as/, ".fault [role=alert]");
    await view.fill("jitter", "5ms");
    await server.line(/latency=60ms jitter=5ms/);
    await view.click("where and when");
    await view.fill("connections", "every 2");
    await server.line(/connections=every 2/);
    await view.click("Fault slow", "switch");
    await server.line(/enabled=false/);
    using conn = await connectTo(server.port);
    await writeAll(conn, encode("x"));
    assertEquals(await readExactly(conn, 1), encode("x"));
    await view.click("Fault slow", "switch");
    await server.line(/connections=every 2(?!.*enabled)/);
    view.assertNoTroubles({ refusals: 1 });
  },
);

inBrowser("an endpoint is added, switched off and on, changed and removed", async () => {
  await using server = await Controlled.start([]);
  await using view = await BrowserPage.open(server.url);
  await view.click("+ add");
  await view.fill("name", "answer");
  await view.fill("address", "nowhere:x");
  await (await view.find("service", "combobox")).select("reply");
  await view.fill("reply", "one");
  await view.click("add");
  await view.sees(/nowhere:x/, "dialog [role=alert]");
  await view.fill("address", "127.0.0.1:0");
  await view.click("add");
  await view.sees(/answer/, ".endpoint h2");
  const port = Number(/:(\d+)/.exec(await view.text(".where"))![1]);
  const said = async () => {
    using conn = await connectTo(port);
    await conn.closeWrite();
    return new TextDecoder().decode(await readAll(conn));
  };
  assertEquals(await said(), "one");
  using open = await connectTo(port);
  await view.sees(/#2/, ".grid");
  await view.click("Endpoint answer", "switch");
  await view.sees(/off/, ".endpoints a[aria-current] .state");
  assertEquals(new TextDecoder().decode(await readAll(open)), "one");
  assertEquals(
    await connectTo(port).then((conn) => conn.close(), (error) => error.name),
    "ConnectionRefused",
  );
  await view.click("Endpoint answer", "switch");
  await view.sees(/0 open/, ".endpoints a[aria-current] .state");
  assertEquals(await said(), "one");
  await view.click("change");
  await view.fill("reply", "two");
  await (await view.page.waitForSelector("dialog button.main"))!.click();
  await server.line(/endpoint changed/);
  await view.page.waitForSelector("dialog", { hidden: true });
  assertEquals(await said(), "two");
  await view.page.waitForSelector(".endpoint .switch[aria-checked=true]");
  await view.click("copy");
  // It follows the state, in which the endpoint was off for a moment.
  await view.page.waitForFunction(
    (pattern: string) => {
      const { document } = globalThis as unknown as {
        document: { querySelector(selector: string): { value: string } | null };
      };
      return new RegExp(pattern).test(document.querySelector("textarea")?.value ?? "");
    },
    {},
    String.raw`^netecho server tcp://127\.0\.0\.1:\d+=reply,name=answer,reply=two$`,
  );
  await view.click("close");
  await view.click("remove");
  await (await view.page.waitForSelector("dialog button.main"))!.click();
  await server.line(/endpoint removed/);
  await view.sees(/all endpoints\s*0/, ".endpoints");
  view.assertNoTroubles({ refusals: 1 });
});

inBrowser("close and reset: a client sees FIN, and RST", async () => {
  await using server = await echoServer();
  await using view = await BrowserPage.open(`${server.url}/#/endpoint/db`);
  using first = await connectTo(server.port);
  await view.sees(/#1/, ".grid");
  await (await view.page.waitForSelector("#connection-1"))!.click();
  await view.click("close (FIN)");
  assertEquals((await readAll(first)).length, 0);
  await view.sees(/ended by the control interface/, ".grid");
  const second = await resettable(server.port);
  const code = new Promise((resolve) =>
    second.once("error", (error: Error & { code?: string }) => resolve(error.code))
      .once("close", () => resolve("closed"))
  );
  // By keyboard alone.
  await view.sees(/#2/, ".grid");
  const grid = await view.find("Connections; arrow keys choose, Enter opens", "grid");
  await grid.press("Home");
  await grid.press("Enter");
  await view.sees(/#2/, ".connection h2");
  await view.click("reset (RST)");
  // Where no RST can be sent, the end is a FIN.
  assertMatch(String(await code), Deno.env.get("NETECHO_FFI") === "0" ? /closed/ : /ECONNRESET/);
  await (await view.find("Bytes of connection 2", "region")).press("Escape");
  await view.page.waitForSelector(".connection", { hidden: true });
  view.assertNoTroubles();
});

const HOSTILE = "<b>bold</b> \x1b[31mred \u202Eesrever\u202C h\u00e9llo\n";

inBrowser(
  "bytes are followed as text and hex, searched, and saved for tshark",
  () =>
    withFolder(async (folder) => {
      await using server = await echoServer();
      using conn = await connectTo(server.port);
      await using view = await BrowserPage.open(`${server.url}/#/endpoint/db/connection/1`);
      await view.sees(/nothing yet/, ".connection");
      const said = new Uint8Array([...encode(HOSTILE), 0, 1, 0xff, 0xfe, 0x80, 10]);
      await writeAll(conn, said);
      const text = await view.sees(/>\s+<b>[^]*\\x00\\x01\\xff\\xfe\\x80\\n[^]*/, ".bytes");
      assertMatch(text, /<b>bold<\/b> \\x1b\[31mred \\u\{202e\}esrever\\u\{202c\} héllo\\n/);
      assertEquals(await view.page.$$eval(".bytes b", (all) => all.length), 0);
      await (await view.find("hex", "radio")).click();
      await view.sees(
        /00000000 {2}3c 62 3e 62 6f 6c 64 3c {2}2f 62 3e 20 1b 5b 33 31 {2}\|<b>bold<\/b> \.\[31\|/,
        ".bytes",
      );
      await (await view.find("text", "radio")).click();
      await (await view.find("Search the bytes; Enter goes to the next place", "searchbox")).type(
        "HÉLLO",
      );
      await view.sees(/none/, ".search");
      await view.page.$eval(".search input", (input) =>
        (input as unknown as { select(): void }).select());
      await (await view.find("Search the bytes; Enter goes to the next place", "searchbox")).type(
        "Héll",
      );
      await view.sees(/1 of 2/, ".search");
      await conn.closeWrite();
      await readAll(conn);
      await view.sees(/end of this direction \(FIN\)[^]*closed/, ".bytes");
      const session = await view.page.createCDPSession();
      const saved = Promise.withResolvers<void>();
      session.on("Browser.downloadProgress", ({ state }) =>
        state === "completed" && saved.resolve());
      await session.send("Browser.setDownloadBehavior", {
        behavior: "allow",
        downloadPath: folder,
        eventsEnabled: true,
      });
      await view.click("save as pcapng");
      await saved.promise;
      const followed = await follow(`${folder}/netecho-1.pcapng`, { protocol: "tcp", stream: 0 });
      assertEquals([...followed!.values()], [said, said]);
      view.assertNoTroubles();
    }),
  ["tshark"],
);

inBrowser(
  "what is found is scrolled into sight, and the focus is not lost with a panel",
  async () => {
    await using server = await echoServer();
    using conn = await connectTo(server.port);
    await using view = await BrowserPage.open(`${server.url}/#/endpoint/db/connection/1`);
    await view.sees(/nothing yet/, ".connection");
    const lines = encode(`${"hay\n".repeat(500)}needle\n${"hay\n".repeat(500)}`);
    await Promise.all([writeAll(conn, lines), readExactly(conn, lines.length)]);
    const search = await view.find("Search the bytes; Enter goes to the next place", "searchbox");
    await search.type("needle");
    await view.sees(/1 of 2/, ".search");
    await view.page.waitForSelector(".line.marked");
    const isInSight = await view.page.evaluate(`(() => {
    const [line, panel] = [".line.marked", ".bytes"].map((selector) =>
      document.querySelector(selector).getBoundingClientRect());
    return line.top >= panel.top && line.bottom <= panel.bottom;
  })()`);
    assert(isInSight);
    await view.click("Close the panel");
    await view.page.waitForSelector(".connection", { hidden: true });
    assertEquals(await view.page.evaluate("document.activeElement.className"), "grid");
    view.assertNoTroubles();
  },
);

inBrowser("what is paused stays as it is, and shows what came when it goes on", async () => {
  await using server = await echoServer();
  using conn = await connectTo(server.port);
  await using view = await BrowserPage.open(`${server.url}/#/endpoint/db/connection/1`);
  await view.sees(/nothing yet/, ".connection");
  await writeAll(conn, encode("one\n"));
  await view.sees(/>\s+one/, ".bytes");
  await (await view.page.waitForSelector(".connection button[aria-pressed]"))!.click();
  await writeAll(conn, encode("two\n"));
  await view.sees(/#1.*8 B.*8 B/s, ".grid"); // it has passed, and samples have been drawn
  assert(!(await view.text(".bytes")).includes("two"));
  await (await view.page.waitForSelector(".connection button[aria-pressed]"))!.click();
  await view.sees(/>\s+two/, ".bytes");
  view.assertNoTroubles();
});

inBrowser(
  "what the system knows of a connection is shown while others come and go",
  async () => {
    await using upstream = await echoServer();
    const to = `127.0.0.1:${upstream.port}`;
    await using server = await Controlled.start([`127.0.0.1:0=forward,name=f,to=${to}`]);
    const port = Number(/:(\d+),/.exec(await server.line(/^listening/))![1]);
    using conn = await connectTo(port);
    await writeAll(conn, encode("x"));
    await readExactly(conn, 1);
    await using view = await BrowserPage.open(`${server.url}/#/endpoint/f/connection/1`);
    const over = new AbortController();
    const others = (async () => {
      while (!over.signal.aborted) {
        using other = await connectTo(port);
        await writeAll(other, encode("y"));
        await readExactly(other, 1);
      }
    })();
    try {
      await view.sees(new RegExp(`to ${to}`), ".connection");
      if (MAY_USE_FFI) {
        await (await view.find(FILTER, "searchbox")).type("#1 ");
        await view.sees(/#1\s[^]*\d ms/, ".grid");
      }
    } finally {
      over.abort();
      await others;
    }
  },
);

const FILTER = "Filter connections by address, number, endpoint, fault or end";

inBrowser("a flood is skipped, and the page says how much", async () => {
  await using server = await echoServer();
  using conn = await connectTo(server.port);
  await using view = await BrowserPage.open(`${server.url}/#/endpoint/db/connection/1`);
  await view.sees(/nothing yet/, ".connection");
  const bytes = new Uint8Array(8 * 1024 * 1024).fill(0x61); // in lines of a megabyte, and more
  await Promise.all([writeAll(conn, bytes), readExactly(conn, bytes.length)]);
  await view.sees(/MiB not kept/, ".connection");
  await view.sees(/bytes in .* passed too fast to be shown/, ".bytes");
  view.assertNoTroubles();
});

inBrowser("the server is restarted, and the page goes on with the new one", async () => {
  const address = `127.0.0.1:${unusedPort()}`;
  const args = ["127.0.0.1:0=echo,name=db"];
  await using first = await Controlled.start(args, { address });
  await using view = await BrowserPage.open(first.url);
  await view.sees(/db/, ".endpoints");
  await first.stop();
  await view.sees(/does not answer|has stopped/, ".error");
  await using second = await Controlled.start([...args, "127.0.0.1:0=discard,name=sink"], {
    address,
  });
  await view.sees(/db[^]*sink/, ".endpoints");
  await view.page.waitForSelector(".page > .error", { hidden: true });
  await second.ask("DELETE /v1/endpoints/sink");
  await view.sees(/^((?!sink)[^])*$/, ".endpoints");
  assertEquals(
    view.troubles.filter((text) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE/.test(text)),
    [],
  );
});

inBrowser(
  "a token: printed in the fragment, kept from the address bar, asked for without",
  async () => {
    await using server = await Controlled.start([
      "127.0.0.1:0=echo,name=db",
      "--control-token",
      "s/e+c",
    ]);
    assertMatch(server.url, /\/#token=s%2Fe%2Bc$/);
    await using view = await BrowserPage.open(server.url);
    await view.sees(/db/, ".endpoints");
    assert(!(await view.page.evaluate("location.href") as string).includes("token"));
    await view.page.reload();
    await view.sees(/db/, ".endpoints");
    view.assertNoTroubles();
    await using other = await BrowserPage.open(server.url.replace(/#.*/, ""));
    await other.fill("The token of this server, as --control-token has it", "wrong");
    await other.click("open");
    await other.sees(/does not know this token/);
    await other.fill("The token of this server, as --control-token has it", "s/e+c");
    await other.click("open");
    await other.sees(/db/, ".endpoints");
    other.assertNoTroubles({ refusals: 2 });
  },
);

for (const scheme of ["light", "dark"] as const) {
  inBrowser(
    `nothing that axe finds wrong, with hostile names, ${scheme} and on a phone`,
    async () => {
      await using server = await Controlled.start(["--control-open"]);
      const name = "<img src=x onerror=alert(1)> \u202Egnp \x1b[2J";
      const added = {
        name,
        address: "127.0.0.1:0",
        faults: [{ kind: "latency", latency: "1ms", name }],
      };
      const { address } = (await server.ask("POST /v1/endpoints", added)).json as {
        address: string;
      };
      await server.ask("POST /v1/endpoints", {
        name: "off",
        address: "127.0.0.1:0",
        enabled: false,
      });
      using conn = await connectTo(Number(/\d+$/.exec(address)));
      await writeAll(conn, encode(HOSTILE));
      const place = `/#/endpoint/${encodeURIComponent(name)}/connection/1`;
      for (const width of [1280, 390]) {
        await using view = await BrowserPage.open(`${server.url}${place}`, { scheme, width });
        await view.sees(/latency/, ".fault");
        await writeAll(conn, encode(HOSTILE));
        await view.sees(/esrever/, ".bytes");
        await check(view, "connection");
        if (width < 1000) await view.click("Close the panel");
        await view.click("where and when");
        await view.click("+ add a fault");
        await check(view, "a fault is added");
        await view.page.keyboard.press("Escape");
        await view.click("change");
        await check(view, "endpoint is changed");
        await view.page.keyboard.press("Escape");
        await view.click("copy all");
        await check(view, "copying");
        assertEquals(await view.page.$$eval("img", (all) => all.length), 0);
        view.assertNoTroubles();
      }
    },
  );
}

async function check(view: BrowserPage, what: string): Promise<void> {
  await view.page.evaluate(axe.source);
  const found = await view.page.evaluate("axe.run()") as axe.AxeResults;
  const violations = found.violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
  assertEquals(violations, [], what);
}
