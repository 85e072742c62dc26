/** The system's clock, with sleeps shorter than the runtime's timers. */
import { type Clock, systemClock } from "../../core/clock.ts";
import { libcWithoutAsking } from "./libc.ts";

const MAX_THREADS = 2; // that sleep at once; the runtime has 32 for everything that blocks

/**
 * The system's clock, with naps by usleep(3) in another thread where the C library can be had without
 * asking anybody.
 */
export function exactClock(): Clock {
  const system = libcWithoutAsking();
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
      // It comes first where no thread is free. A nap that is cancelled keeps its own.
      const cancel = systemClock.after(milliseconds, wakeUp);
      if (threads < MAX_THREADS) {
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
