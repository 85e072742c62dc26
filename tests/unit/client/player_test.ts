import { assertEquals } from "@std/assert";
import { play } from "../../../lib/client/player.ts";
import type { Step } from "../../../lib/capture/recording.ts";
import { FakeClock } from "../../support/fakes.ts";

/** Plays with answers that come `late` milliseconds after they are due; returns when who spoke. */
async function played(
  steps: readonly Step[],
  { speed = 1, late = 0, stepMs = 1 }: { speed?: number; late?: number; stepMs?: number } = {},
): Promise<{ said: [number, unknown][]; pauses: number[] }> {
  const clock = new FakeClock();
  const said: [number, unknown][] = [];
  const pauses: number[] = [];
  const at = () => Math.round(clock.now());
  const wait = (moment: number) =>
    new Promise<void>((resolve) => clock.after(moment + late - clock.now(), resolve));
  const note = (what: unknown) => {
    said.push([at(), what]);
    return Promise.resolve();
  };
  let over = false;
  const playing = play(steps, {
    say: (bytes) => note(new TextDecoder().decode(bytes)),
    closeWrite: () => note("fin"),
    reset: () => void note("reset"),
    answers: { owe() {}, complete: wait, closed: wait, rest: () => note("rest") },
    onWait() {},
    onPause: (pause) => void pauses.push(pause),
    ...{ clock, speed },
  }).then(() => over = true);
  while (!over) {
    for (let turn = 0; turn < 12; turn++) await Promise.resolve();
    clock.advance(stepMs);
  }
  await playing;
  return { said, pauses };
}

const step = (by: Step["by"], at: number, what: string): Step => ({
  by,
  at,
  what: what === "fin" || what === "reset" ? what : new TextEncoder().encode(what),
});

Deno.test("play: steps without answers between them keep their moments", async () => {
  const lines = [0, 300, 600, 900].map((at) => step("client", at, String(at)));
  const ending = [[900, "fin"], [900, "rest"]];
  assertEquals((await played(lines)).said, [
    ...[[0, "0"], [300, "300"], [600, "600"], [900, "900"]],
    ...ending,
  ] as [number, string][]);
  const fast = await played(lines, { speed: 3 });
  assertEquals(fast.said.map(([at]) => at), [0, 100, 200, 300, 300, 300]);
});

Deno.test("play: where no answer to the last message was recorded, the peer is heard out", async () => {
  const endings = async (...steps: Step[]) => (await played(steps)).said.map(([, what]) => what);
  const ask = step("client", 0, "ask");
  assertEquals(await endings(ask), ["ask", "fin", "rest"]);
  assertEquals(await endings(ask, step("client", 1, "fin")), ["ask", "fin", "rest"]);
  assertEquals(await endings(ask, step("server", 1, "answer")), ["ask"]);
  assertEquals(await endings(ask, step("client", 1, "reset")), ["ask", "reset"]);
  assertEquals(await endings(ask, step("server", 1, "fin")), ["ask"]);
});

Deno.test("play: a late answer delays all that follow, and no more", async () => {
  const steps = [
    step("client", 0, "ask"),
    step("server", 10, "answer"),
    step("client", 20, "more"),
    step("client", 30, "and more"),
    step("client", 30, "fin"),
  ];
  const { said } = await played(steps, { late: 100 });
  assertEquals(said, [
    [0, "ask"],
    [120, "more"],
    [130, "and more"],
    [130, "fin"],
    [130, "rest"],
  ]);
});

Deno.test("play: a pause of 60 days is waited for, and said", async () => {
  const days = 60 * 24 * 3600 * 1000; // more than a timer holds
  const { said, pauses } = await played([step("client", 0, "a"), step("client", days, "b")], {
    stepMs: 3600 * 1000,
  });
  assertEquals(pauses, [days]);
  assertEquals(said[0], [0, "a"]);
  assertEquals(said[1]![0] >= days, true);
});
