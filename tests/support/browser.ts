/** The page of the control interface in Chromium, as a person sees and uses it. */
import { assertEquals } from "@std/assert";
import puppeteer, { type Browser, type ElementHandle, type Page } from "puppeteer-core";

const CHROMIUM = "/usr/bin/chromium";
const TIMEOUT_MS = 20_000;
const REFUSAL = /^Failed to load resource: the server responded with a status of 4\d\d/;

/** How a page is opened. */
export interface ViewOptions {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: "light" | "dark";
}

/** What a function that runs on the page sees there. */
interface BrowserWindow {
  readonly document: {
    querySelector(selector: string): { readonly innerText: string } | null;
  };
}

/** A page that is open, and what went wrong on it. */
export class BrowserPage implements AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the console, errors of scripts, requests to elsewhere. */
  readonly troubles: string[] = [];
  /** How often the server has refused what the page asked for. */
  refusals = 0;
  readonly #browser: Browser;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.page = page;
  }

  /** Opens an address in a browser of its own. */
  static async open(
    url: string,
    { width = 1280, height = 860, scheme = "light" }: ViewOptions = {},
  ): Promise<BrowserPage> {
    // As root there is no sandbox, which a CI machine may be.
    const browser = await puppeteer.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    const page = await browser.newPage();
    page.setDefaultTimeout(TIMEOUT_MS);
    const view = new BrowserPage(browser, page);
    view.#watch(new URL(url).origin);
    await page.setViewport({ width, height });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.goto(url);
    return view;
  }

  #watch(origin: string): void {
    this.page.on("console", (message) => {
      if (!["error", "warn"].includes(message.type())) return;
      // The browser says so of every answer that is a refusal, which the page shows.
      if (REFUSAL.test(message.text())) this.refusals++;
      else this.troubles.push(message.text());
    });
    this.page.on("pageerror", (error) => void this.troubles.push(String(error)));
    this.page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url)) this.troubles.push(url);
    });
  }

  /** The element with a role and a name, as a screen reader finds it, as soon as there is one. */
  async find(name: string, role?: string): Promise<ElementHandle> {
    const wanted = role ? `::-p-aria([name="${name}"][role="${role}"])` : `::-p-aria(${name})`;
    return (await this.page.waitForSelector(wanted))!;
  }

  async click(name: string, role?: string): Promise<void> {
    await (await this.find(name, role)).click();
  }

  /** Fills a field in, in place of what is there, and leaves it. */
  async fill(name: string, text: string): Promise<void> {
    const field = await this.find(name, "textbox");
    await field.click({ count: 3 });
    await field.type(text);
    await field.press("Tab");
  }

  /** Waits until what is seen there has this in it; returns what is seen. */
  async sees(wanted: RegExp, selector = "body"): Promise<string> {
    try {
      await this.page.waitForFunction(
        (source: string, flags: string, selector: string) => {
          const { document } = globalThis as unknown as BrowserWindow;
          const text = document.querySelector(selector)?.innerText ?? "";
          return new RegExp(source, flags).test(text);
        },
        {},
        ...[wanted.source, wanted.flags, selector],
      );
    } catch {
      const text = await this.text(selector);
      throw new Error(`no ${wanted} in ${selector}: ${text}\n${this.troubles.join("\n")}`);
    }
    return await this.text(selector);
  }

  /** What is seen of the first such element. */
  text(selector: string): Promise<string> {
    return this.page.evaluate((selector: string) => {
      const { document } = globalThis as unknown as BrowserWindow;
      return document.querySelector(selector)?.innerText ?? "";
    }, selector);
  }

  /** Fails where something went wrong, or another number of requests was refused. */
  assertNoTroubles({ refusals = 0 }: { readonly refusals?: number } = {}): void {
    assertEquals(this.troubles, []);
    assertEquals(this.refusals, refusals);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}
