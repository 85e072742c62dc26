/** The secrets of TLS sessions, which the runtime writes to the file that SSLKEYLOGFILE names. */
import { environmentVariable } from "../core/runtime.ts";

const NOTHING = new Uint8Array(0);

/**
 * A function that returns what was added to the key log since its last call; undefined without one.
 */
export function keyLog(): (() => Uint8Array) | undefined {
  const path = environmentVariable("SSLKEYLOGFILE");
  if (!path) return undefined;
  let at = sizeOf(path);
  return () => {
    try {
      using file = Deno.openSync(path);
      file.seekSync(at, Deno.SeekMode.Start);
      const bytes = new Uint8Array(Math.max(0, sizeOf(path) - at));
      const length = file.readSync(bytes) ?? 0;
      at += length;
      return bytes.subarray(0, length);
    } catch {
      return NOTHING; // it exists from the first session on
    }
  };
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}
