/** Answers that go on: server-sent events (HTML Living Standard, section 9.2). */
import { type Clock, delay } from "../core/clock.ts";

// Between two chunks: so that what comes in a burst goes together.
const INTERVAL_MS = 50;

/** Where the messages of a stream come from. */
export interface MessageSource {
  /** The messages that are there now, as {@linkcode messageText} writes them; "" if there is none. */
  take(): string;
  /** Whether none comes any more. */
  readonly over: boolean;
  /** Resolves when there may be one, or when none comes any more. */
  changed(): Promise<void>;
  /** Its reader has gone, or the stream has ended. */
  close?(): void;
}

/** One message; data is one line. */
export function messageText({ id, data }: { readonly id?: string; readonly data: string }): string {
  return `${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`;
}

/** The answer that tells messages as they come; a slow reader makes nobody wait but itself. */
export function eventStream(source: MessageSource, clock: Clock): Response {
  const encoder = new TextEncoder();
  const gone = new AbortController();
  let last = -Infinity;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(": netecho\n\n")),
    async pull(controller) {
      while (!gone.signal.aborted) {
        const pause = last + INTERVAL_MS - clock.now();
        if (pause > 0) await delay(pause, { clock, signal: gone.signal });
        const text = source.take();
        last = clock.now();
        if (text !== "") return controller.enqueue(encoder.encode(text));
        if (source.over) {
          source.close?.();
          return controller.close();
        }
        await source.changed();
      }
    },
    cancel() {
      gone.abort();
      source.close?.();
    },
  }, { highWaterMark: 1 });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}
