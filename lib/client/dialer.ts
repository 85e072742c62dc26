/** Connecting to the peer with the time-out, retries and traces that the command line asks for. */
import type { Capture } from "../capture/capture.ts";
import type { OptionTable, Values } from "../cli/options.ts";
import type { Clock } from "../core/clock.ts";
import { retry, type RetryLimit } from "../core/retry.ts";
import { type Address, formatAddress, isInet } from "../net/address.ts";
import { DialTimes } from "../net/dial_times.ts";
import type { Duplex } from "../net/duplex.ts";
import type { DialOptions, OnPhase } from "../net/transport.ts";
import { dial } from "../net/transports.ts";
import type { Trace } from "./trace.ts";
import type { TlsSession } from "../net/tls_session.ts";

/** How a mode dials: by default as the command line says. */
export interface DialRequest extends Partial<Pick<DialOptions, "onPhase">> {
  /** A limit in milliseconds, where it is less than `--connect-timeout`. */
  readonly atMost?: number;
  /** Whether to connect by TCP alone where the peer speaks TLS. */
  readonly plain?: boolean;
  /** The address to connect to, of those that the name may have. */
  readonly hostname?: string | undefined;
  /** Whether a failure is final, whatever `--retry` says. */
  readonly once?: boolean;
}

/** What a {@linkcode Dialer} connects to, and how. */
export interface DialerOptions {
  readonly address: Address;
  /** The values of the transports' options. */
  readonly values: Values<OptionTable>;
  /** Milliseconds that connecting may take, all addresses and TLS together. */
  readonly connectTimeout: number;
  /** When to give up trying again; without it, the first failure is final. */
  readonly retry: RetryLimit | undefined;
  readonly capture: Capture | undefined;
  /** Tells of each attempt; absent where nothing is traced. */
  readonly trace: Trace | undefined;
  readonly clock: Clock;
}

/** Connects to one peer, as often as a mode asks for it. */
export class Dialer {
  readonly #options: DialerOptions;

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  /** @throws {NetworkError} naming what was tried */
  async dial(
    { atMost = Infinity, once = false, ...request }: DialRequest = {},
  ): Promise<Duplex> {
    const { connectTimeout, retry: patience, trace, clock } = this.#options;
    const timeout = Math.min(connectTimeout, atMost);
    const attempt = () => this.#attempt({ ...request, timeout });
    if (!patience || once) return await attempt();
    const onFailure = ({ message }: Error) => void trace?.say(trace.format.retrying(message));
    return await retry(attempt, { ...patience, clock, onFailure });
  }

  async #attempt(
    { timeout, plain, hostname, onPhase }: DialRequest & Pick<DialOptions, "timeout">,
  ): Promise<Duplex> {
    const { address: named, values, capture, trace, clock } = this.#options;
    const address = isInet(named)
      ? { ...named, ...(plain && { transport: "tcp" }), ...(hostname && { hostname }) }
      : named;
    const times = new DialTimes(clock);
    const onSession = trace && ((session: TlsSession) => traceSession(session, trace));
    const onPart: OnPhase = (phase, moment) => {
      times.onPhase(phase, moment);
      onPhase?.(phase, moment);
    };
    const peer = await dial(address, { values, timeout, clock, onSession, onPhase: onPart });
    const { elapsedMs, began } = times;
    const comment = `client of ${formatAddress(peer.remote)}`;
    if (capture) peer.observe(capture.watch(peer, { initiator: "local", comment, began }));
    await trace?.say(trace.format.connected(peer, elapsedMs));
    return peer;
  }
}

async function traceSession(session: TlsSession, { format, say }: Trace): Promise<void> {
  const text = format.session(session);
  if (text !== "") await say(text);
}
