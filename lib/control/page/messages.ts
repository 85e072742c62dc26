/** Reading server-sent events (HTML Living Standard, section 9.2), as this server writes them. */

/** One message. */
export interface Message<T> {
  readonly id: string | undefined;
  readonly data: T;
}

/**
 * The messages of a stream, their data read as JSON.
 *
 * @example
 * ```ts
 * import { readMessages } from "./messages.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const stream = new Blob([": hello\n\nid: 7\ndata: [1]\n\n"]).stream();
 * const [message] = await Array.fromAsync(readMessages(stream));
 * assertEquals(message, { id: "7", data: [1] });
 * ```
 */
export async function* readMessages<T>(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Message<T>> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const parts = (text + next.value).split("\n\n");
      text = parts.pop()!;
      for (const part of parts) {
        const data = field(part, "data");
        if (data !== undefined) yield { id: field(part, "id"), data: JSON.parse(data) as T };
      }
    }
  } finally {
    await reader.cancel();
  }
}

function field(message: string, name: string): string | undefined {
  const line = message.split("\n").find((line) => line.startsWith(`${name}: `));
  return line?.slice(name.length + 2);
}
