import { assert, assertEquals } from "@std/assert";
import { ReadWindow, type WindowPlace } from "../../../lib/net/read_window.ts";
import { FakeClock } from "../../support/fakes.ts";

const SMALL = 100; // bytes
const BULK = 512 * 1024;

function windowOf(count: number) {
  const clock = new FakeClock();
  const window = new ReadWindow(clock);
  const places = Array.from({ length: count }, () => window.enter());
  return { clock, window, places };
}

/** A runtime that serves 128 reads a turn, the latest first, so that the earliest may never be. */
class Runtime {
  readonly #ready: (() => void)[] = [];

  read(): Promise<void> {
    return new Promise((resolve) => this.#ready.push(resolve));
  }

  turn(): void {
    for (const resolve of this.#ready.splice(-128)) resolve();
  }
}

/** Reads by each place as often as it can for so long; returns how often each has. */
async function readAlways(
  places: readonly WindowPlace[],
  { window, clock, milliseconds }: {
    readonly window: ReadWindow;
    readonly clock: FakeClock;
    readonly milliseconds: number;
  },
): Promise<number[]> {
  const counts = places.map(() => 0);
  const runtime = new Runtime();
  let over = false;
  const loop = async (place: WindowPlace, index: number) => {
    await runtime.read();
    while (!over) {
      await window.nextRead(place, SMALL);
      await runtime.read();
      counts[index]!++;
    }
  };
  places.forEach((place, index) => void loop(place, index));
  for (let passed = 0; passed < milliseconds; passed++) {
    runtime.turn();
    clock.advance(1);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }
  over = true;
  return counts;
}

Deno.test("read window: few connections never wait", () => {
  const { window, places } = windowOf(100);
  for (let round = 0; round < 100; round++) {
    for (const place of places) assertEquals(window.nextRead(place, SMALL), undefined);
  }
});

Deno.test("read window: many connections that are slow never wait", () => {
  const { clock, window, places } = windowOf(1000);
  for (const place of places) {
    clock.advance(1);
    assertEquals(window.nextRead(place, SMALL), undefined);
  }
});

Deno.test("read window: many busy connections are read equally often", async () => {
  const { clock, window, places } = windowOf(1000);
  const counts = await readAlways(places, { window, clock, milliseconds: 500 });
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  assert(least > 10 && least >= 0.8 * most, `${least} to ${most}`);
  for (const place of places) window.leave(place);
});

Deno.test("read window: connections that fall silent do not keep the others waiting", async () => {
  const { clock, window, places } = windowOf(300);
  const silent = places.slice(0, 150);
  // They saturate the window, and are released, but what they wait for does not come.
  for (let round = 0; round < 2; round++) for (const place of silent) window.nextRead(place, SMALL);
  const counts = await readAlways(places.slice(150), { window, clock, milliseconds: 200 });
  assert(Math.min(...counts) > 0, `${counts}`);
  for (const place of places) window.leave(place);
});

/** Saturates a window; returns what the places that queue wait for. */
function queueAll(
  { window, places }: { readonly window: ReadWindow; readonly places: readonly WindowPlace[] },
): Map<WindowPlace, Promise<void>> {
  const waits = new Map<WindowPlace, Promise<void>>();
  for (let round = 0; round < 2; round++) {
    for (const place of places) {
      if (waits.has(place)) continue;
      const wait = window.nextRead(place, SMALL);
      if (wait) waits.set(place, wait);
    }
  }
  assert(waits.size > 0);
  return waits;
}

Deno.test("read window: those that left take nobody's turn", async () => {
  const { clock, window, places } = windowOf(450);
  const waits = queueAll({ window, places });
  for (const place of places.slice(0, 300)) window.leave(place);
  let released = 0;
  for (const place of places.slice(300)) void waits.get(place)!.then(() => released++);
  clock.advance(2); // longer than the calm of so many, and shorter than idleness
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  assert(released >= 100, `${released} of 150`);
});

Deno.test("read window: a connection that is closed while it queues is let go", async () => {
  const { window, places } = windowOf(300);
  const waits = queueAll({ window, places });
  for (const place of places) window.leave(place);
  await Promise.all(waits.values());
});

Deno.test("read window: a bulk transfer lets the others have a turn after every 4 MiB", async () => {
  const { clock, window, places: [place] } = windowOf(1);
  for (let round = 0; round < 3; round++) {
    for (let chunk = 1; chunk < 8; chunk++) {
      assertEquals(window.nextRead(place!, BULK), undefined);
    }
    const turn = window.nextRead(place!, BULK);
    assert(turn);
    await turn;
  }
  assertEquals(window.nextRead(place!, SMALL), undefined);
  assertEquals(clock.waiting, 0);
});
