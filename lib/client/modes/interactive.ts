/** Interactive: sends lines that a person types and shows the answers. */
import type { Writer } from "../../core/io.ts";
import { showAddress } from "../../net/address.ts";
import { type Clock, delay } from "../../core/clock.ts";
import { EchoMatcher } from "../echo_matcher.ts";
import { exitCodeOf } from "../../core/signals.ts";
import { DialTimes } from "../../net/dial_times.ts";
import type { Duplex } from "../../net/duplex.ts";
import type { Terminal, TerminalOptions } from "../../terminal/line_editor.ts";
import { formatDuration } from "../../core/units.ts";
import { conversationOptions, defineMode, failureOf } from "../mode.ts";
import { lingerFor, silenceOf } from "../conversation.ts";

const PROMPT = "> ";
const WAITING = "the input has ended; waiting for the peer to finish (Ctrl-C leaves)";
const STALL_AFTER_MS = 1000; // after which an incomplete echo is shown

/** The interactive mode. */
export const interactive = defineMode({
  name: "interactive",
  summary: "send each typed line and show the answer and its time",
  terminal: true,
  example: "netecho client localhost 8080",
  options: conversationOptions,
  async run({ dial, openLog, clock, signals }, { crlf, linger: limit, noHalfClose }) {
    const openTerminal = await terminalOpener();
    const times = new DialTimes(clock);
    const peer = await dial({ onPhase: times.onPhase });
    const took = formatDuration(times.elapsedMs);
    const linger = lingerFor(peer, limit);
    const exchange = new EchoMatcher();
    const left = Promise.withResolvers<void>();
    let cancelLinger = () => {};
    let cancelNotice = () => {};
    const lineEnd = crlf ? "\r\n" : "\n";
    const sender = startSending(peer, { exchange, clock, lineEnd, noHalfClose });
    let ended = false;
    const terminal = openTerminal({
      greeting: `connected to ${showAddress(peer.remote)} in ${took}; ` +
        "Ctrl-D ends, Ctrl-C leaves",
      prompt: PROMPT,
      onLine: sender.send,
      onEnd() {
        ended = true;
        sender.end();
        cancelNotice = clock.after(STALL_AFTER_MS, () => terminal.print(WAITING));
        if (linger !== undefined) cancelLinger = clock.after(linger, left.resolve);
      },
      onInterrupt: left.resolve,
    });
    // Once the editor has given the keys back, Ctrl-C is a signal again.
    const shutdown = signals();
    shutdown.requested.then(left.resolve);
    const log = openLog(above(terminal));
    let arrived = 0;
    peer.observe({ received: () => arrived = clock.now() }); // the time before anything is drawn
    peer.observe(log.watch());
    const receiving = receive(peer, { exchange, clock, terminal, arrival: () => arrived })
      .then(() => {
        const silence = silenceOf(peer, { halfClosed: ended && !noHalfClose, closed: true });
        terminal.print(silence ?? "closed by the peer");
      });
    try {
      await Promise.race([receiving, left.promise]);
    } finally {
      cancelLinger();
      cancelNotice();
      receiving.catch(() => {}); // closing the peer ends what is pending
      terminal.close();
      peer.close();
    }
    const { signal = "SIGINT" } = shutdown;
    return signal === "SIGINT" ? 0 : exitCodeOf(signal); // Ctrl-C leaves
  },
});

async function terminalOpener(): Promise<(options: TerminalOptions) => Terminal> {
  if (Deno.env.get("TERM") !== "dumb") {
    return (await import("../../terminal/line_editor.ts")).openTerminal;
  }
  const { PlainTerminal } = await import("../../terminal/plain_terminal.ts");
  return (options) => new PlainTerminal(options);
}

interface Conversing {
  readonly exchange: EchoMatcher;
  readonly clock: Clock;
}

function startSending(
  peer: Duplex,
  { exchange, clock, lineEnd, noHalfClose }: Conversing & {
    readonly lineEnd: string;
    readonly noHalfClose: boolean;
  },
) {
  const writer = peer.writable.getWriter();
  const encoder = new TextEncoder();
  const ignore = () => {}; // a peer that is gone is reported by the reading side
  return {
    send(line: string): void {
      const message = encoder.encode(line + lineEnd);
      exchange.sent(message, clock.now());
      writer.write(message).catch(ignore);
    },
    end: () => noHalfClose || void writer.close().catch(ignore),
  };
}

interface Receiving extends Conversing {
  readonly terminal: Terminal;
  /** When the last chunk arrived, in milliseconds of the clock. */
  readonly arrival: () => number;
}

async function receive(
  peer: Duplex,
  { exchange, clock, terminal, arrival }: Receiving,
): Promise<void> {
  const show = (lines: string[]) => lines.forEach((line) => terminal.print(line));
  const showUnfinished = () => show(exchange.unfinished(clock.now()));
  let cancel = () => {};
  try {
    for await (const chunk of peer.readable) {
      cancel();
      show(exchange.received(chunk, arrival()));
      if (exchange.partial) cancel = clock.after(STALL_AFTER_MS, showUnfinished);
      await delay(0, { clock }); // let keys be handled while the peer never pauses
    }
    showUnfinished();
  } catch (error) {
    showUnfinished();
    throw failureOf(peer, error);
  } finally {
    cancel();
  }
}

// Shows the log above the line that is being edited.
function above(terminal: Terminal): Writer {
  const decoder = new TextDecoder();
  return {
    write(bytes) {
      terminal.print(decoder.decode(bytes).trimEnd());
      return Promise.resolve(bytes.length);
    },
  };
}
