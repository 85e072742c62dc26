import { assert, assertEquals } from "@std/assert";
import { Wakeups } from "../../../lib/core/wakeups.ts";
import { FakeClock } from "../../support/fakes.ts";

/** Keeps what it was asked for, in order. */
class AskedClock extends FakeClock {
  readonly asked: string[] = [];
  /** Naps that are neither over nor cancelled. */
  naps = 0;

  override after(milliseconds: number, wake: () => void): () => void {
    this.asked.push(`timer of ${milliseconds.toFixed(1)}`);
    return super.after(milliseconds, wake);
  }

  override soon(wake: () => void): void {
    this.asked.push("look");
    super.after(0.01, wake);
  }
}

class NappingClock extends AskedClock {
  nap(milliseconds: number, wake: () => void): () => void {
    this.asked.push(`nap of ${milliseconds.toFixed(1)}`);
    this.naps++;
    let over = false;
    const end = () => {
      if (!over) this.naps--;
      over = true;
    };
    const cancel = FakeClock.prototype.after.call(this, milliseconds, () => {
      end();
      wake();
    });
    return () => {
      end();
      cancel();
    };
  }
}

function passUntil(clock: FakeClock, moment: number): void {
  while (clock.now() < moment) clock.advance(0.01);
}

/** Has somebody woken at 10 ms, and checks that it is so once, and then. */
function wakeAtTen(clock: AskedClock): void {
  const woken: number[] = [];
  new Wakeups(clock).at(10, () => woken.push(clock.now()));
  passUntil(clock, 11);
  assertEquals(woken.length, 1);
  assert(Math.abs(woken[0]! - 10) < 0.22, `${woken}`);
}

Deno.test("wakeups: the last stretch is a nap, where the clock has one", () => {
  const clock = new NappingClock();
  wakeAtTen(clock);
  assertEquals(clock.asked, ["timer of 7.5", "nap of 2.3"]);
});

Deno.test("wakeups: without naps the clock is looked at", () => {
  const clock = new AskedClock();
  wakeAtTen(clock);
  assertEquals([...new Set(clock.asked)], ["timer of 8.8", "look"]);
});

Deno.test("wakeups: an earlier one ends the nap for a later one; one that is cancelled does not come", () => {
  const clock = new NappingClock();
  const wakeups = new Wakeups(clock);
  const woken: string[] = [];
  wakeups.at(2, () => woken.push("later"));
  wakeups.at(1, () => woken.push("earlier"));
  assertEquals(clock.naps, 1);
  const cancel = wakeups.at(1.5, () => woken.push("cancelled"));
  cancel();
  passUntil(clock, 1.2);
  assertEquals(woken, ["earlier"]);
  passUntil(clock, 3);
  assertEquals(woken, ["earlier", "later"]);
});
