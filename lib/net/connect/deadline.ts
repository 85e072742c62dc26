/** Connecting within a time, and the error that says what was tried. */
import { FinalError, NetworkError, TimeoutError } from "../../core/errors.ts";
import { explain } from "../../core/explain.ts";
import { formatDuration } from "../../core/units.ts";
import {
  type Address,
  type ConnectionAddresses,
  formatAddress,
  formatHostPort,
  type InetAddress,
  isInet,
} from "../address.ts";
import type { Socket } from "../socket_duplex.ts";
import type { DialOptions } from "../transport.ts";
import type { Attempt } from "./happy_eyeballs.ts";

/** The error for a source that cannot be bound. */
export function cannotConnectFrom(source: InetAddress, error: unknown): NetworkError {
  const foreign = (error as { code?: unknown }).code === "EINVAL";
  const reason = foreign ? "this machine does not have that address" : explain(error);
  return new FinalError(`Cannot connect from ${formatHostPort(source)}: ${reason}`, {
    cause: error,
  });
}

/** A connection and its addresses. */
export interface Connection extends ConnectionAddresses<InetAddress> {
  readonly socket: Socket;
  /** The socket as the runtime has it; absent where node:net connected it. */
  readonly conn?: Deno.TcpConn;
  close(): void;
}

/** What {@linkcode connectWithin} passes to the work. */
export interface ConnectContext {
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
  /** Every attempt is added to it, for the error. */
  readonly attempts: Attempt[];
}

/**
 * Runs `work` within the time-out of dialing. Rejects with the reason of the signal when that is
 * aborted.
 *
 * @throws {TimeoutError} when the time is over
 * @throws {NetworkError} naming the address, the reason and what was tried
 */
export async function connectWithin<C>(
  { address, timeout, clock, signal }: DialOptions & { readonly address: Address },
  work: (connecting: ConnectContext) => Promise<C>,
): Promise<C> {
  const deadline = new AbortController();
  const cancel = clock.after(timeout, () => deadline.abort());
  const giveUp = () => deadline.abort();
  signal?.addEventListener("abort", giveUp, { once: true });
  const attempts: Attempt[] = [];
  try {
    signal?.throwIfAborted();
    return await work({ signal: deadline.signal, attempts });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof NetworkError) throw error;
    const late = deadline.signal.aborted;
    const reason = late ? `no answer within ${formatDuration(timeout)}` : explainConnect(error);
    const Kind = late ? TimeoutError : NetworkError;
    throw new Kind(
      `Cannot connect to ${formatAddress(address)}: ${reason}${tried(address, attempts)}`,
      { cause: late || isNothingFree(error) ? new Error(reason) : error },
    );
  } finally {
    signal?.removeEventListener("abort", giveUp);
    cancel();
  }
}

// The error of a connection whose source is left to the system.
function explainConnect(error: unknown): string {
  return isNothingFree(error)
    ? "this machine has no free port, or no address, to connect from"
    : explain(error);
}

function isNothingFree(error: unknown): boolean {
  return error instanceof Deno.errors.AddrNotAvailable;
}

// Lists what was tried, with reasons if they differ.
function tried(address: Address, attempts: readonly Attempt[]): string {
  if (!isInet(address)) return "";
  if (attempts.length === 0) return " (still looking up the name)";
  const reasons = attempts.map(({ error }) => error === undefined ? "" : explainConnect(error));
  const differ = new Set(reasons).size > 1;
  const list = attempts.map(({ address }, index) =>
    formatHostPort(address) + (differ ? `: ${reasons[index] || "no answer"}` : "")
  );
  return ` (tried ${list.join(", ")})`;
}
