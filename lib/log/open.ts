/** The logs of the server and the client, as their options ask for them. */
import { BatchWriter } from "../core/batch_writer.ts";
import { explain } from "../core/explain.ts";
import type { Writer } from "../core/io.ts";
import { type ColorChoice, painter } from "../terminal/colors.ts";
import { dumpWidth } from "../terminal/output.ts";
import type { Direction, Show } from "./event.ts";
import { Log } from "./log.ts";
import { textFormat } from "./text_format.ts";

const GATHER_MS = 10; // between two writes while there are always more events

/** What the server's options say of its log. */
export interface ServerLogOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly show: Show;
  readonly color: ColorChoice;
  /** The file of a capture: on `-` the log goes to stderr. */
  readonly capture: string | undefined;
  readonly showsEndpoint: (name: string) => boolean;
}

/** Opens the server's log on stdout, with errors on stderr; the JSON format is loaded if it is used. */
export async function openServerLog(
  { json, quiet, show, color, capture, showsEndpoint }: ServerLogOptions,
): Promise<Log> {
  const errors = new BatchWriter(Deno.stderr, { gatherMs: GATHER_MS });
  const stdout = capture === "-" ? Deno.stderr : Deno.stdout;
  const output = new BatchWriter(stdout, {
    gatherMs: GATHER_MS,
    onError: (error) =>
      errors.push(
        `netecho: Cannot write to stdout: ${explain(error)}; serving on without output\n`,
      ),
  });
  const payload = SHOWN_BY_SERVER[show];
  if (json) {
    const { jsonFormat } = await import("./json_format.ts");
    return new Log({
      format: jsonFormat({ show }),
      output,
      payload,
      quiet,
      showsTcpInfo: !quiet,
    });
  }
  const [paint, width] = [painter(color, stdout), dumpWidth(stdout)];
  const format = textFormat({ show, paint, width, showsEndpoint });
  return new Log({ format, output, errors, payload, quiet });
}

const SHOWN_BY_SERVER: Readonly<Record<Show, readonly Direction[]>> = {
  none: [],
  hex: ["in", "out"],
  text: ["in"],
  size: ["in"],
};

/** Opens a log of the payload of one connection in both directions, by default on stderr. */
export function openPayloadLog(
  { show, color }: { readonly show: Show; readonly color: ColorChoice },
  to: Writer = Deno.stderr,
): Log {
  const [paint, width] = [painter(color, Deno.stderr), dumpWidth(Deno.stderr)];
  return new Log({
    format: textFormat({ show, paint, width }),
    output: new BatchWriter(to, { gatherMs: GATHER_MS }),
    payload: show === "none" ? [] : ["in", "out"],
  });
}
