import { assert, assertEquals } from "@std/assert";
import { Wakeups } from "../../../lib/core/wakeups.ts";
import { FakeClock } from "../../support/fakes.ts";

/** Keeps what it was asked for, in order. */
class AskedClock extends FakeClock {
  readonly asked: string[] = [];

  override after(milliseconds: number, wake: () => void): () => void {
    this.asked.push("timer");
    return super.after(milliseconds, wake);
  }

  override soon(wake: () => void): void {
    this.asked.push("look");
    super.after(0.01, wake);
  }
}

class NappingClock extends AskedClock {
  nap(milliseconds: number, wake: () => void): () => void {
    this.asked.push("nap");
    return FakeClock.prototype.after.call(this, milliseconds, wake);
  }
}

function passUntil(clock: FakeClock, moment: number): void {
  while (clock.now() < moment) clock.advance(0.01);
}

Deno.test("wakeups: the last stretch is a nap, where the clock has one", () => {
  const clock = new NappingClock();
  const wakeups = new Wakeups(clock);
  const woken: number[] = [];
  wakeups.at(10, () => woken.push(clock.now()));
  passUntil(clock, 11);
  assertEquals([clock.asked, woken.length], [["timer", "nap"], 1]);
  assert(Math.abs(woken[0]! - 10) < 0.31, `${woken}`);
});

Deno.test("wakeups: without naps the clock is looked at", () => {
  const clock = new AskedClock();
  const wakeups = new Wakeups(clock);
  const woken: number[] = [];
  wakeups.at(10, () => woken.push(clock.now()));
  passUntil(clock, 11);
  assertEquals([...new Set(clock.asked)], ["timer", "look"]);
  assert(Math.abs(woken[0]! - 10) < 0.31, `${woken}`);
});

Deno.test("wakeups: an earlier one ends the nap for a later one; one that is cancelled does not come", () => {
  const clock = new NappingClock();
  const wakeups = new Wakeups(clock);
  const woken: string[] = [];
  wakeups.at(2, () => woken.push("later"));
  wakeups.at(1, () => woken.push("earlier"));
  const cancel = wakeups.at(1.5, () => woken.push("cancelled"));
  cancel();
  passUntil(clock, 1.2);
  assertEquals(woken, ["earlier"]);
  passUntil(clock, 3);
  assertEquals(woken, ["earlier", "later"]);
});
