/** Connecting to the peer with the time-out, retries and traces that the command line asks for. */
import type { Capture } from "../capture/capture.ts";
import type { OptionTable, Values } from "../cli/options.ts";
import type { Clock } from "../core/clock.ts";
import { retry, type RetryLimit } from "../core/retry.ts";
import { formatDuration } from "../core/units.ts";
import { type Address, formatAddress } from "../net/address.ts";
import type { Duplex } from "../net/duplex.ts";
import type { DialOptions } from "../net/transport.ts";
import { dial } from "../net/transports.ts";
import { describeSession, type TlsSession } from "../net/tls_session.ts";

/** How a mode dials: by default as the command line says. */
export interface DialRequest extends Partial<Pick<DialOptions, "onPhase">> {
  /** A limit in milliseconds, where it is less than `--connect-timeout`. */
  readonly atMost?: number;
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
  /** Prints a line on stderr; absent where nothing is traced. */
  readonly trace: ((line: string) => Promise<void>) | undefined;
  readonly clock: Clock;
}

/** Connects to one peer, as often as a mode asks for it. */
export class Dialer {
  readonly #options: DialerOptions;

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  /** @throws {NetworkError} naming what was tried */
  async dial({ atMost = Infinity, once = false, onPhase }: DialRequest = {}): Promise<Duplex> {
    const { connectTimeout, retry: patience, trace, clock } = this.#options;
    const timeout = Math.min(connectTimeout, atMost);
    const attempt = () => this.#attempt({ timeout, onPhase });
    if (!patience || once) return await attempt();
    const onFailure = ({ message }: Error) => void trace?.(`${message}; trying again`);
    return await retry(attempt, { ...patience, clock, onFailure });
  }

  async #attempt(
    { timeout, onPhase }: Pick<DialOptions, "timeout" | "onPhase">,
  ): Promise<Duplex> {
    const { address, values, capture, trace, clock } = this.#options;
    const started = clock.now();
    const onSession = trace && ((session: TlsSession) => this.#traceSession(session));
    const peer = await dial(address, { values, timeout, clock, onSession, onPhase });
    const took = formatDuration(clock.now() - started);
    const [remote, local] = [peer.remote, peer.local].map(formatAddress);
    const comment = `client of ${remote}`;
    if (capture) peer.observe(capture.watch(peer, { initiator: "local", comment }));
    await trace?.(`connected to ${remote} from ${local} in ${took}`);
    return peer;
  }

  async #traceSession(session: TlsSession): Promise<void> {
    const lines = describeSession(session);
    if (lines.length > 0) await this.#options.trace?.(lines.join("\n"));
  }
}
