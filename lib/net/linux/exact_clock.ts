/** The system's clock, with sleeps shorter than the runtime's timers. */
import { type Clock, systemClock } from "../../core/clock.ts";
import { type LibC, libcWithoutAsking } from "./libc.ts";

const MAX_SLEEPING_THREADS = 2; // of the 32 that the runtime has for everything that blocks

/**
 * The system's clock, with naps by usleep(3) in another thread where the C library can be had without
 * asking anybody.
 */
export function exactClock(
  system: Pick<LibC, "usleep"> | undefined = libcWithoutAsking(),
): Clock {
  if (!system) return systemClock;
  let threads = 0;
  return {
    ...systemClock,
    nap(milliseconds, wake) {
      let over = false;
      const end = () => {
        over = true;
        cancel();
      };
      const wakeUp = () => {
        if (over) return;
        end();
        wake();
      };
      // For where no thread is free: a nap that is cancelled keeps its own, and others have theirs.
      const cancel = systemClock.after(Math.ceil(milliseconds) + 1, wakeUp);
      if (threads < MAX_SLEEPING_THREADS) {
        threads++;
        system.usleep(Math.round(milliseconds * 1000)).then(() => {
          threads--;
          wakeUp();
        });
      }
      return end;
    },
  };
}
