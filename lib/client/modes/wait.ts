/** Wait: for scripts that need the peer to be there. */
import type { Clock } from "../../core/clock.ts";
import { ExpiredError, FinalError, NetworkError, UsageError } from "../../core/errors.ts";
import { reasonOf } from "../../core/explain.ts";
import type { Expectation } from "../../probe/expect_buffer.ts";
import { type Answer, exchange } from "../../probe/round_trip.ts";
import { measureOptions, MESSAGE_TIMEOUT_MS } from "../../probe/options.ts";
import { withStrays } from "../../net/strays.ts";
import type { Duplex } from "../../net/duplex.ts";
import { ExpectReader } from "../../probe/expect_reader.ts";
import { interval, type Values } from "../../cli/options.ts";
import { retry } from "../../core/retry.ts";
import { showAddress } from "../../net/address.ts";
import { formatDuration } from "../../core/units.ts";
import { defineMode, expectOptions, failureOf, forEachPeer, type ModeContext } from "../mode.ts";

const ECHO = "echo"; // expects an echo of what is sent
const MIN_ATTEMPT_MS = 5; // with less time left, no other attempt is made

const options = {
  wait: interval({
    summary: "wait until the peer accepts a connection, at most D; then exit 124",
    excludes: ["retry", "show"],
  }),
  ...expectOptions,
  timeout: measureOptions.timeout,
};

/** The wait mode. */
export const wait = defineMode({
  name: "wait",
  summary: "wait until the peer can be reached, for scripts",
  chosenBy: "wait",
  takesSeveral: true,
  example: "netecho client db.internal:5432 --wait 30s",
  options,
  async run(context, values) {
    const { expect } = values;
    if (context.peers.some(({ connectionless }) => connectionless) && expect.length === 0) {
      throw new UsageError(
        "Option --wait over UDP needs --expect: nothing tells that a peer is there",
      );
    }
    if (expect.length > 1 && expect.some(({ text }) => text === ECHO)) {
      throw new UsageError("Option --expect: with --wait, echo stands alone");
    }
    await forEachPeer(
      context,
      (peer, tell) => waitFor({ ...context, ...peer }, { ...values, tell }),
    );
    return 0;
  },
});

interface Waiting extends Values<typeof options> {
  /** Called with why the peer is still waited for. */
  readonly tell: (why: string) => void;
}

async function waitFor(context: ModeContext, values: Waiting): Promise<void> {
  const { target: { address }, clock, say } = context;
  const { wait: limit = 0, expect, tell } = values;
  const peer = showAddress(address);
  const started = clock.now();
  let reason = "";
  const attempt = async () => {
    const until = started + limit;
    if (reason && until - clock.now() < MIN_ATTEMPT_MS) throw new NetworkError(reason);
    await tryOnce(context, { ...values, until });
  };
  const onFailure = (error: NetworkError) => tell(reason = reasonOf(error));
  try {
    await retry(attempt, { times: Infinity, within: limit, clock, onFailure });
  } catch (error) {
    if (!(error instanceof NetworkError) || error instanceof FinalError) throw error;
    throw new ExpiredError(
      `${peer} is not ready after ${formatDuration(limit)}: ${reasonOf(error)}`,
    );
  }
  const does = expect.length === 0 ? "accepts connections" : "answers";
  await say(`${peer} ${does}, after ${formatDuration(clock.now() - started)}`);
}

async function tryOnce(
  { dial, clock, connectionless }: ModeContext,
  { expect, timeout = MESSAGE_TIMEOUT_MS, until }: Values<typeof options> & {
    readonly until: number;
  },
): Promise<void> {
  const left = () => Math.max(1, until - clock.now());
  const peer = await dial({ once: true, atMost: left() });
  if (expect.length === 0) return peer.close();
  const patience = Math.min(timeout, left());
  const subject = connectionless ? "it" : "it accepts, and";
  try {
    if (expect[0]?.text !== ECHO) {
      return await expectAll(expect, { peer, clock, patience, subject });
    }
    const size = measureOptions.size.initial;
    const answer = await exchange(peer, { clock, size, number: 1, timeout: patience });
    if (answer === "intact") return;
    throw new NetworkError(withStrays(`${subject} ${FAILURES[answer]}`, peer.strays));
  } catch (error) {
    throw failureOf(peer, error);
  }
}

const FAILURES: Readonly<Record<Exclude<Answer, "intact">, string>> = {
  corrupt: "does not echo, but answers something else",
  closed: "closes the connection without an echo",
  none: "does not answer in time",
};

async function expectAll(
  expected: readonly Expectation[],
  { peer, clock, patience, subject }: {
    readonly subject: string;
    readonly peer: Duplex;
    readonly clock: Clock;
    readonly patience: number;
  },
): Promise<void> {
  const reader = new ExpectReader(peer, { clock });
  const until = clock.now() + patience;
  try {
    for (const one of expected) {
      if (await reader.expect(one, Math.max(0, until - clock.now())) === "matched") continue;
      throw new NetworkError(`${subject} does not say what is expected`);
    }
  } finally {
    peer.close();
  }
}
