/** Wait: for scripts that need the peer to be there. */
import { ExpiredError, FinalError, NetworkError, UsageError } from "../../core/errors.ts";
import { reasonOf } from "../../core/explain.ts";
import { withPatterns } from "../../core/byte_pattern.ts";
import { echoExchange } from "../../probe/echo_exchange.ts";
import type { Exchange } from "../../probe/exchange.ts";
import { exchangeOptions, exchangesFrom } from "../../probe/exchange_options.ts";
import { ownExchange } from "../../probe/own_exchange.ts";
import { type Answer, exchangeOnce } from "../../probe/round_trip.ts";
import { measureOptions, MESSAGE_TIMEOUT_MS } from "../../probe/options.ts";
import { withStrays } from "../../net/strays.ts";
import { interval, type Values } from "../../cli/options.ts";
import { retry } from "../../core/retry.ts";
import { showAddress } from "../../net/address.ts";
import { formatDuration } from "../../core/units.ts";
import { defineMode, failureOf, forEachPeer, type ModeContext } from "../mode.ts";

const ECHO = "echo"; // expects an echo of what is sent
const MIN_ATTEMPT_MS = 5; // with less time left, no other attempt is made

const options = {
  wait: interval({
    summary: "wait until the peer accepts a connection, at most D; then exit 124",
    excludes: ["retry", "show"],
  }),
  ...exchangeOptions,
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
    const exchange = await exchangeFor(context, values);
    if (context.peers.some(({ connectionless }) => connectionless) && !exchange?.requestBytes) {
      throw new UsageError(
        "Option --wait over UDP needs --expect echo, or --send and --expect: nothing else tells " +
          "that a peer is there",
      );
    }
    await forEachPeer(
      context,
      (peer, tell) => waitFor({ ...context, ...peer }, { ...values, exchange, tell }),
    );
    return 0;
  },
});

interface Waiting extends Values<typeof options> {
  /** What is to be answered; undefined where a connection is enough. */
  readonly exchange: Exchange | undefined;
  /** Called with why the peer is still waited for. */
  readonly tell: (why: string) => void;
}

async function waitFor(context: ModeContext, values: Waiting): Promise<void> {
  const { target: { address }, clock, say } = context;
  const { wait: limit = 0, exchange, tell } = values;
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
  const does = exchange ? "answers" : "accepts connections";
  await say(`${peer} ${does}, after ${formatDuration(clock.now() - started)}`);
}

async function tryOnce(
  { dial, clock, connectionless }: ModeContext,
  { exchange, until, ...values }: Waiting & { readonly until: number },
): Promise<void> {
  const { timeout = MESSAGE_TIMEOUT_MS } = values;
  const left = () => Math.max(1, until - clock.now());
  const peer = await dial({ once: true, atMost: left() });
  if (!exchange) return peer.close();
  const asking = { clock, exchange, number: 1, timeout: Math.min(timeout, left()) };
  const subject = connectionless ? "it" : "it accepts, and";
  try {
    const { answer } = await exchangeOnce(peer, asking);
    if (answer === "intact") return;
    const failures = isEcho(values) ? NO_ECHO : NO_ANSWER;
    throw new NetworkError(withStrays(`${subject} ${failures[answer]}`, peer.strays));
  } catch (error) {
    throw failureOf(peer, error);
  }
}

// The echo of a message, what is answered to what was sent, or what the peer says first.
function exchangeFor(
  { commandLine: { occurrences } }: ModeContext,
  values: Values<typeof options>,
): Promise<Exchange> | undefined {
  const specs = exchangesFrom(values, { connect: true, occurrences });
  if (!isEcho(values)) return specs && withPatterns(() => ownExchange(specs));
  const others = Object.keys(exchangeOptions).filter((key) => key !== "expect");
  if (values.expect.length > 1 || occurrences.some(({ key }) => others.includes(key))) {
    throw new UsageError("Option --expect: with --wait, echo stands alone");
  }
  return Promise.resolve(echoExchange(measureOptions.size.initial));
}

function isEcho({ expect }: Pick<Values<typeof options>, "expect">): boolean {
  return expect.some(({ text }) => text === ECHO);
}

type Failures = Readonly<Record<Exclude<Answer, "intact">, string>>;

const NO_ECHO: Failures = {
  corrupt: "does not echo, but answers something else",
  short: "closes the connection without an echo",
  closed: "closes the connection without an echo",
  none: "does not answer in time",
};

const NO_ANSWER: Failures = {
  corrupt: "does not say what is expected",
  short: "does not say what is expected, and closes the connection",
  closed: "closes the connection without a word",
  none: "does not say what is expected in time",
};
