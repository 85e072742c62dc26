/** Options that ping, bench, wait and replay share. */
import { UsageError } from "../core/errors.ts";
import { flag, interval, text } from "../cli/options.ts";
import { formatQuantity, parseSize } from "../core/units.ts";
import { maxDatagramBytes } from "../net/datagram_size.ts";
import { NUMBER_BYTES } from "./messages.ts";

/** How long an answer may take where one message counts, in milliseconds. */
export const MESSAGE_TIMEOUT_MS = 1000;

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Options of every measurement. */
export const measureOptions = {
  size: text({
    summary: "send messages of SIZE bytes",
    placeholder: "SIZE",
    read: readSize,
    initial: 64,
  }),
  timeout: interval({
    summary:
      "give up a message after D without an answer (default 1s; with --bench over a stream, with " +
      "--expect and with --verify 10s)",
  }),
  connect: flag({
    summary: "make a new connection for each message; time DNS, connect, TLS and echo separately",
  }),
  self: flag({
    summary: "measure a server that is started in this program instead of ADDRESS: the best that " +
      "this machine and the client can do",
  }),
  json: flag({ summary: "print the results, or with -v what is told of a connection, as JSON" }),
};

/** The size of messages, in bytes: over UDP each has room for its number. */
export function sizeFor(
  { connectionless, connect, size }: {
    readonly connectionless: boolean;
    readonly connect: boolean;
    readonly size: number;
  },
): number {
  const least = connectionless ? NUMBER_BYTES : connect ? 0 : 1;
  if (connectionless && size > maxDatagramBytes("")) {
    throw new UsageError(`Option --size: a datagram has at most ${maxDatagramBytes("")} bytes`);
  }
  if (size >= least) return size;
  const where = connectionless ? " over UDP, for its number" : ", unless with --connect";
  throw new UsageError(
    `Option --size: a message has at least ${formatQuantity(least, "byte")}${where}, not ${size}`,
  );
}

function readSize(text: string): number {
  const size = parseSize(text);
  if (size <= MAX_MESSAGE_BYTES) return size;
  throw new UsageError(`a size of at most 64MiB is needed, not "${text}"`);
}
