import { assertEquals } from "@std/assert";
import { Pacer } from "../../../lib/server/pacer.ts";
import { FakeClock } from "../../support/fakes.ts";

const TURN_MS = 0.01; // of the fake clock

Deno.test("pacer: so many at once, the others on the next turns, in order", () => {
  const clock = new FakeClock();
  const pacer = new Pacer(3, clock);
  const done: number[] = [];
  const expectDone = (count: number) =>
    assertEquals(done, Array.from({ length: count }, (_, index) => index));
  for (let piece = 0; piece < 5; piece++) pacer.run(() => void done.push(piece));
  expectDone(3);
  clock.advance(TURN_MS);
  expectDone(5);
  for (let piece = 5; piece < 8; piece++) pacer.run(() => void done.push(piece));
  expectDone(6); // one place was left in this turn
  clock.advance(TURN_MS);
  expectDone(8);
  clock.advance(TURN_MS);
  assertEquals(clock.waiting, 0);
});
