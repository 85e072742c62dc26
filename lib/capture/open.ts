/** Opening the capture that the command line asks for; its code is loaded only then. */
import { systemClock } from "../core/clock.ts";
import type { Values } from "../cli/options.ts";
import type { captureOptions } from "./options.ts";
import type { Capture } from "./capture.ts";

/**
 * Opens the capture, if there is one.
 *
 * @throws {NetworkError} where the file cannot be written
 * @throws {UsageError} where it would go to a terminal
 */
export async function captureIfAny(
  { capture, captureSize }: Values<typeof captureOptions>,
): Promise<Capture | undefined> {
  if (capture === undefined) return undefined;
  const { openCapture } = await import("./open_capture.ts");
  return openCapture(capture, { rotateAt: captureSize, clock: systemClock });
}
