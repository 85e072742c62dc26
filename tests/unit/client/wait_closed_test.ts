import { assertRejects } from "@std/assert";
import { delay } from "../../../lib/core/clock.ts";
import { ExpiredError, NetworkError, TimeoutError } from "../../../lib/core/errors.ts";
import { waitClosed } from "../../../lib/client/modes/wait_closed.ts";
import type { ModeContext } from "../../../lib/client/mode.ts";
import { FakeClock } from "../../support/fakes.ts";

const LIMIT_MS = 1_000;

// A peer that accepts connections, each after some milliseconds, and is silent from `silentFrom` on.
async function waitFor(
  peer: { acceptsAfter: number; silentFrom: number; connectTimeout?: number; resets?: boolean },
): Promise<void> {
  const clock = new FakeClock();
  const dial: ModeContext["dial"] = async ({ atMost = Infinity } = {}) => {
    const silent = clock.now() >= peer.silentFrom || atMost < peer.acceptsAfter;
    const limit = Math.min(atMost, peer.connectTimeout ?? Infinity);
    await delay(silent ? limit : peer.acceptsAfter, { clock });
    if (silent) throw new TimeoutError("no answer");
    if (peer.resets) throw new NetworkError("reset", { cause: new Deno.errors.ConnectionReset() });
    return { close() {} } as Awaited<ReturnType<ModeContext["dial"]>>;
  };
  const target = { address: { transport: "tcp", hostname: "192.0.2.1", port: 80 } };
  const progress = { during: (work: unknown) => work };
  const context = { clock, peers: [{ target, dial }], progress } as unknown as ModeContext;
  let ended = false;
  const run = waitClosed.run(context, { waitClosed: LIMIT_MS }).finally(() => ended = true);
  run.catch(() => {});
  while (!ended) {
    clock.advance(5);
    await new Promise((resolve) => setTimeout(resolve));
  }
  await run;
}

Deno.test("wait-closed: an attempt that the limit cuts short does not make a peer silent", async () => {
  const accepting = { acceptsAfter: 90, silentFrom: Infinity };
  await assertRejects(() => waitFor(accepting), ExpiredError, "still accepts connections");
});

Deno.test("wait-closed: a peer that falls silent is not called one that accepts", async () => {
  const silent = { acceptsAfter: 1, silentFrom: 300 };
  await assertRejects(() => waitFor(silent), ExpiredError, "has neither accepted nor refused");
});

Deno.test("wait-closed: silence is no refusal, however short the time to connect", async () => {
  const silent = { acceptsAfter: 1, silentFrom: 300, connectTimeout: 200 };
  await assertRejects(() => waitFor(silent), ExpiredError, "has neither accepted nor refused");
});

Deno.test("wait-closed: who resets a connection has accepted it", async () => {
  const resetting = { acceptsAfter: 1, silentFrom: Infinity, resets: true };
  await assertRejects(() => waitFor(resetting), ExpiredError, "still accepts connections");
});
