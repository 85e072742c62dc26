/** Forward: to another peer, over any transport, with half-close and reset passed on as what they are. */
import { type Address, formatAddress, isInet, parseAddress } from "../address.ts";
import { type Clock, wait } from "../clock.ts";
import { isReset, NetworkError, UsageError } from "../errors.ts";
import type { Duplex } from "../net/duplex.ts";
import { pump } from "../net/streams.ts";
import { dial, dialOptions, transportOf } from "../net/table.ts";
import { flag, initialValues, list, text, textFile, type Values } from "../options.ts";
import { formatDuration } from "../units.ts";
import { defineService, type ServiceContext } from "./service.ts";

const TIMEOUT = 10_000; // milliseconds to connect to one address
const SILENCE = 1000; // milliseconds to wait for a last datagram: UDP has no end to see

const options = {
  to: list({
    summary: "forward to this ADDRESS; of several each in its turn, and the next when one fails",
    placeholder: "ADDRESS",
    read: (text) => [readTarget(text)],
  }),
  toCa: textFile({ summary: "trust these authorities, PEM, of a tls:// ADDRESS of --to" }),
  toInsecure: flag({ summary: "trust any certificate of a tls:// ADDRESS of --to" }),
  toServername: text({
    summary: "the name to ask a tls:// ADDRESS of --to for",
    placeholder: "NAME",
  }),
};

type Context = ServiceContext<typeof options>;

/** The forward service. */
export const forward = defineService({
  name: "forward",
  summary: "connect to another peer, and pass on what both say",
  options,
  allowance: Infinity, // what the other peer answers is for it to say
  example: "netecho server :8080=forward --to tls://example.com:443 --show hex",
  check({ to }) {
    if (to.length === 0) throw new UsageError("Service forward needs --to ADDRESS");
  },
  async handle(peer, context) {
    const upstream = await connect(context);
    try {
      await passBoth(peer, { upstream, clock: context.clock });
    } catch (error) {
      if (isReset(error)) {
        upstream.reset();
        peer.reset();
      }
      throw error;
    } finally {
      upstream.close();
    }
  },
});

async function passBoth(
  peer: Duplex,
  { upstream, clock }: { readonly upstream: Duplex; readonly clock: Clock },
): Promise<void> {
  // Whichever side breaks, the other is to hear of it as a reset, not as an end.
  const there = pump(peer.readable, upstream.writable, { preventAbort: true });
  const back = pump(upstream.readable, peer.writable, { preventAbort: true });
  if (!upstream.framed) return void await Promise.all([there, back]);
  const quiet = there.then(() => wait(clock, SILENCE).over);
  back.catch(() => {}); // closing it ends it
  await Promise.race([quiet, back]);
}

// Turns belong to a server: two of them in one program do not share theirs.
const turns = new WeakMap<readonly Address[], number>();

async function connect({ values, clock, report }: Context): Promise<Duplex> {
  const { to } = values;
  const turn = turns.get(to) ?? 0;
  turns.set(to, turn + 1);
  let failure: unknown;
  for (let tried = 0; tried < to.length; tried++) {
    const address = to[(turn + tried) % to.length]!;
    const started = clock.now();
    try {
      const upstream = await dial(address, { values: dialing(values), timeout: TIMEOUT, clock });
      const took = formatDuration(clock.now() - started);
      report(`connected to ${formatAddress(upstream.remote)} in ${took}`);
      return upstream;
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      failure = error;
      report(error.message);
    }
  }
  throw failure;
}

function dialing(values: Context["values"]): Values<typeof dialOptions> {
  const { toCa: ca, toInsecure: insecure, toServername: servername } = values;
  return { ...initialValues(dialOptions), ca, insecure, servername };
}

function readTarget(text: string): Address {
  const address = parseAddress(text);
  transportOf(address); // there is one
  if (!isInet(address)) return address;
  if (address.port === 0) throw new UsageError("port 0 is nobody's");
  return { ...address, hostname: address.hostname || "localhost" };
}
