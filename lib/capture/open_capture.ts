/** Opening a capture by the name of its file. */
import type { Writer } from "../core/io.ts";
import { NetworkError, UsageError } from "../core/errors.ts";
import { explain } from "../core/explain.ts";
import { say } from "../terminal/output.ts";
import { Capture, type CaptureOptions } from "./capture.ts";
import { queuedFile } from "./capture_file.ts";
import { keyLog } from "./tls_key_log.ts";

/**
 * Opens a capture in a file, or on stdout as `-`. From the second file on the name has a number. A
 * write that fails is reported on stderr, once.
 *
 * @throws {NetworkError} where it cannot be written from the beginning
 * @throws {UsageError} where it would go to a terminal
 */
export function openCapture(
  path: string,
  { rotateAt, clock }: Pick<CaptureOptions, "rotateAt" | "clock">,
): Capture {
  if (path === "-" && Deno.stdout.isTerminal()) {
    throw new UsageError("Option --capture: stdout is a terminal; name a file, or pipe it on");
  }
  const toReader = path === "-" || leadsToReader(path);
  if (toReader && rotateAt !== undefined) {
    const name = path === "-" ? "stdout" : path;
    throw new UsageError(`Option --capture-size: ${name} is one file; name another`);
  }
  const open = (number: number) => {
    if (!toReader) return Deno.openSync(numbered(path, number), WRITING);
    return queuedFile(path === "-" ? Deno.stdout : opening(path));
  };
  try {
    const onError = (reason: string) =>
      void say(`netecho: Cannot write ${path}: ${reason}; the capture is cut short`);
    const onUnlogged = () =>
      void say(
        "netecho: The secrets of some TLS sessions are not in the capture: the runtime does not tell " +
          "them (help recording)",
      );
    return new Capture({ open, rotateAt, clock, secrets: keyLog(), onError, onUnlogged });
  } catch (error) {
    throw new NetworkError(`Cannot write ${path}: ${explain(error)}`, { cause: error });
  }
}

// A pipe, whose reader may be slow, or never come.
function leadsToReader(path: string): boolean {
  try {
    return Deno.statSync(path).isFifo === true;
  } catch {
    return false; // there is none yet
  }
}

// Opening a pipe waits for its reader.
function opening(path: string): Writer {
  const opened = Deno.open(path, { write: true });
  opened.catch(() => {}); // the first write tells
  return { write: async (bytes) => (await opened).write(bytes) };
}

const WRITING = { write: true, create: true, truncate: true };

function numbered(path: string, number: number): string {
  if (number === 0) return path;
  return path.replace(/(\.[^./\\]*)?$/, (extension) => `-${number}${extension}`);
}
