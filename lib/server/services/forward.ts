/** Forward: connects to another peer over any transport; half-close and reset are passed on. */
import { pump } from "../../net/pump.ts";
import { type Address, formatAddress } from "../../net/address.ts";
import { parseAddress, toConnect } from "../../net/parse_address.ts";
import { type Clock, whileProgressing } from "../../core/clock.ts";
import { NetworkError, TimeoutError, UsageError } from "../../core/errors.ts";
import { isReset } from "../../core/explain.ts";
import { DialTimes } from "../../net/dial_times.ts";
import type { Duplex } from "../../net/duplex.ts";
import { dial, dialOptions, transportOf } from "../../net/transports.ts";
import { interval, keyName, list, type OptionTable, type Values } from "../../cli/options.ts";
import { formatDuration } from "../../core/units.ts";
import { defineService, type ServiceContext } from "../service.ts";
import { Upstreams } from "../upstreams.ts";

const LAST_DATAGRAM_MS = 1000; // milliseconds to wait for a last datagram: UDP has no end to see

/** The client's options for connecting, for the upstream: `--ca` is `--to-ca`. */
const forwardDialOptions: OptionTable = Object.fromEntries(
  Object.entries(dialOptions).map(([key, { short: _, excludes, needs, ...option }]) => [
    prefixed(key),
    {
      ...option,
      summary: `for --to: ${option.summary}`,
      ...(excludes && { excludes: excludes.map(prefixed) }),
      ...(needs && { needs: needs.map(prefixed) }),
    },
  ]),
);

const options = {
  to: list({
    summary: "forward to this ADDRESS; of several each in its turn, and the next when one fails",
    placeholder: "ADDRESS",
    read: (text) => [readTarget(text)],
  }),
  toConnectTimeout: interval({
    initial: 10_000,
    summary:
      "for --to: try the next address when one gives no answer within D, and this one last " +
      "for 30 s",
  }),
  ...forwardDialOptions,
};

type Context = ServiceContext<typeof options, Upstreams>;

/** The forward service. */
export const forward = defineService({
  name: "forward",
  summary: "connect to another peer, and pass on what both say",
  options,
  replyFactor: Infinity, // the upstream decides how long its answers are
  example: "netecho server :8080=forward --to tls://example.com:443 --show hex",
  async check({ to, ...values }) {
    if (to.length === 0) throw new UsageError("Service forward needs --to ADDRESS");
    try {
      for (const address of to) await transportOf(address).check?.(dialValues(values));
    } catch (error) {
      throw error instanceof UsageError ? new UsageError(renamed(error)) : error;
    }
  },
  targets: ({ to }) => to,
  load: ({ to, ...values }) =>
    Promise.all(
      to.map((address) => transportOf(address).loadDialing?.(address, dialValues(values))),
    ),
  start: ({ to }) => new Upstreams(to),
  async handle(peer, context) {
    // Read at once: a reset ends the dialing. A FIN does not, as the client may wait for an answer.
    const first = peer.read();
    const gone = new AbortController();
    first.catch((error) => gone.abort(error));
    const upstream = await connect(context, gone.signal).catch((error) => {
      peer.reset(); // a FIN would look like an empty answer
      throw error;
    });
    // Whatever ends the connection of the peer also ends the upstream's.
    peer.observe({ closed: (how) => how === "reset" ? upstream.reset() : upstream.close() });
    try {
      await passBoth(peer, { first, upstream, clock: context.clock });
    } catch (error) {
      if (isReset(error)) await peer.resetWhenWritten();
      throw error;
    }
  },
});

async function passBoth(
  peer: Duplex,
  { first, upstream, clock }: {
    readonly first: Promise<Uint8Array | null>;
    readonly upstream: Duplex;
    readonly clock: Clock;
  },
): Promise<void> {
  // A failure of one side is passed on as a reset, not as a FIN.
  const there = pump(peer, upstream, first);
  const back = pump(upstream, peer);
  if (!upstream.framed) return void await Promise.all([there, back]);
  await Promise.race([there, back]);
  await whileProgressing(back, {
    clock,
    milliseconds: LAST_DATAGRAM_MS,
    progress: () => upstream.traffic.chunks,
  });
}

async function connect(
  { values, state, clock, report, watch }: Context,
  signal: AbortSignal,
): Promise<Duplex> {
  let failure: Error | undefined;
  for (const address of state.next(clock)) {
    const times = new DialTimes(clock);
    try {
      const upstream = await dial(address, {
        values: dialValues(values),
        timeout: values.toConnectTimeout,
        clock,
        signal,
        onPhase: times.onPhase,
      });
      const took = formatDuration(times.elapsedMs);
      watch(upstream, times.began);
      report(`connected to ${formatAddress(upstream.remote)} in ${took}`);
      return upstream;
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      if (error instanceof TimeoutError) state.noteSilent(address, clock);
      failure = new NetworkError(renamed(error), { cause: error });
      report(failure.message);
    }
  }
  throw failure;
}

function prefixed(key: string): string {
  return `to${key[0]!.toUpperCase()}${key.slice(1)}`;
}

function dialValues(values: Values<OptionTable>): Values<typeof dialOptions> {
  return Object.fromEntries(Object.keys(dialOptions).map((key) => [key, values[prefixed(key)]]));
}

// Errors name the client's options.
function renamed({ message }: Error): string {
  const names = Object.keys(dialOptions).map(keyName).join("|");
  return message.replace(new RegExp(`--(?=(${names})\\b)`, "g"), "--to-");
}

function readTarget(text: string): Address {
  const address = parseAddress(text);
  transportOf(address); // checks that there is one
  return toConnect(address);
}
