/** A server with a control interface, and asking it. */
import { netechoCommand, Running } from "./programs.ts";

/** An answer of a control interface. */
export interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
  /** The text as JSON; undefined where it is none. */
  readonly json: unknown;
  readonly headers: Headers;
}

/** A server on any free ports that can be changed. */
export class Controlled extends Running {
  /** As it is printed: that of the page, with the token if there is one. */
  url = "";

  /** Starts one and waits until it can be changed. */
  static async start(
    args: readonly string[] = [],
    { address = "127.0.0.1:0", env }: {
      readonly address?: string;
      readonly env?: Record<string, string>;
    } = {},
  ): Promise<Controlled> {
    const command = netechoCommand(["server", "--control", address, ...args]);
    const server = new Controlled(command, env ? { env } : {});
    const json = args.includes("--json");
    const line = await server.line(json ? /"event":"control"/ : /^control /);
    server.url = json ? JSON.parse(line).url : line.slice("control ".length);
    return server;
  }

  /** Asks `METHOD /path`; a body that is no text is sent as JSON. */
  async ask(what: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const [method, path] = what.split(" ") as [string, string];
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const url = new URL(path, this.url);
    const response = await fetch(url, { method, body: text ?? null, headers });
    const answer = await response.text();
    let json: unknown;
    try {
      json = JSON.parse(answer);
    } catch {
      json = undefined;
    }
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      text: answer,
      json,
      headers: response.headers,
    };
  }

  /** The port of a proxy. */
  async portOf(proxy: string): Promise<number> {
    const { json } = await this.ask(`GET /proxies/${proxy}`);
    return Number(/\d+$/.exec((json as { listen: string }).listen));
  }
}
