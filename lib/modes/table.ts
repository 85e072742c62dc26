/** The client's modes. */
import { interactive } from "./interactive.ts";
import type { Mode } from "./mode.ts";
import { pipe } from "./pipe.ts";

/** Every mode. */
export const modes: readonly Mode[] = [interactive, pipe];

/** The mode for what stdin and stdout are. */
export function chooseMode({ terminal }: { terminal: boolean }): Mode {
  return terminal ? interactive : pipe;
}
