/** The system's clock, with sleeps shorter than the runtime's timers. */
import { type Clock, systemClock } from "../../core/clock.ts";
import { type LibC, libc } from "./libc.ts";

/** The system's clock, whose naps are the C library's. */
class ExactClock implements Clock {
  readonly #libc: LibC;

  constructor(libc: LibC) {
    this.#libc = libc;
  }

  now(): number {
    return systemClock.now();
  }

  wallTime(): number {
    return systemClock.wallTime();
  }

  after(milliseconds: number, wake: () => void): () => void {
    return systemClock.after(milliseconds, wake);
  }

  soon(wake: () => void): void {
    systemClock.soon(wake);
  }

  /** Sleeps in another thread. */
  nap(milliseconds: number, wake: () => void): () => void {
    let cancelled = false;
    this.#libc.usleep(Math.round(milliseconds * 1000)).then(() => cancelled || wake());
    return () => cancelled = true;
  }
}

/** The system's clock, with naps where the C library can be had. */
export function exactClock(): Clock {
  const system = libc();
  return system ? new ExactClock(system) : systemClock;
}
