/** Serving one connection, from accept to close. */
import { type Address, formatAddress } from "../net/address.ts";
import type { Clock } from "../core/clock.ts";
import { explain, isReset } from "../core/explain.ts";
import type { CloseReason } from "../log/event.ts";
import type { Capture } from "../capture/capture.ts";
import type { FlowOptions } from "../capture/flow.ts";
import type { Log } from "../log/log.ts";
import type { Firing } from "../faults/lines.ts";
import type { AcceptDelay, EndpointFaults } from "../faults/endpoint_faults.ts";
import type { Duplex, Observer, Traffic } from "../net/duplex.ts";
import { HandshakeError } from "../net/tls_session.ts";
import type { Arrival } from "../net/transport.ts";
import type { OptionTable, Values } from "../cli/options.ts";
import type { Refusal } from "./admission.ts";
import type { Service, ServiceContext } from "./service.ts";
import { type SessionCapture, SessionCaptures } from "./session_captures.ts";
import { type SessionState, stateOf, tlsFacts, tlsOf } from "./session_state.ts";
import { formatDuration } from "../core/units.ts";

/** What all sessions of a server share. */
export interface ServerContext {
  readonly log: Log;
  readonly clock: Clock;
  /** The next number of a connection, over all endpoints. */
  readonly nextConnection: () => number;
  /** Where connections are captured. */
  readonly captures: Set<SessionCapture>;
}

/** What all sessions of an endpoint share. */
export interface SessionContext {
  /** The name of the endpoint. */
  readonly endpoint: string;
  readonly service: Service;
  /** The values of the options of the endpoint. */
  readonly values: Values<OptionTable>;
  /** What the service keeps for the endpoint. */
  readonly state?: unknown;
  readonly server: ServerContext;
  /** End a session after this many milliseconds without a byte in either direction. */
  readonly idleTimeout?: number | undefined;
  /** The faults that peers meet. */
  readonly faults?: EndpointFaults | undefined;
}

/** The traffic of a connection that has moved nothing. */
export const NO_TRAFFIC: Traffic = { received: 0, sent: 0, chunks: 0 };

/** How a session ended. */
export interface Ending {
  readonly reason: CloseReason;
  readonly detail?: string;
}

/** What a session needs besides its peer. */
export interface SessionOptions {
  readonly context: SessionContext;
  /** Called when the peer is ready; returns its number at the endpoint, or why it is refused. */
  readonly onOpen: (remote: Address) => number | Refusal;
  /** Called when bytes move, either way. */
  readonly onActive?: (() => void) | undefined;
  /** Called once, when the peer is closed; without an ending where it was never served. */
  readonly onEnd: (ending?: Ending) => void;
}

const NO_DELAYS: readonly AcceptDelay[] = [];

/**
 * A connection being served. Not an async function: ten thousand pending ones would cost
 * several megabytes.
 */
export class Session {
  readonly #arrival: Arrival;
  readonly #options: SessionOptions;
  readonly #started: number;
  #peer: Duplex | undefined;
  #upstream: Duplex | undefined;
  readonly #captures = new SessionCaptures();
  #number = 0;
  #faults: Set<string> | undefined; // the names of those that have struck
  #lastActive: number;
  #cancelTimer: (() => void) | undefined;
  #delays = NO_DELAYS;
  #ended = false;

  constructor(arrival: Arrival, options: SessionOptions) {
    this.#arrival = arrival;
    this.#options = options;
    this.#started = this.#lastActive = options.context.server.clock.now();
  }

  /** Begins to serve, unless it has ended already. */
  begin(): void {
    if (this.#ended) return;
    const { faults, server: { clock } } = this.#options.context;
    this.#delays = faults?.accepted() ?? this.#delays;
    if (this.#delays.length === 0) return this.#open();
    const delay = this.#delays.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    this.#cancelTimer = clock.after(delay, () => this.#open());
  }

  #open(): void {
    const peer = this.#arrival.open();
    if (!(peer instanceof Promise)) return this.#serve(peer);
    peer.then((peer) => this.#serve(peer), (error) => {
      const asked = error instanceof HandshakeError && error.hello;
      this.#refuse(this.#arrival.remote, {
        reason: "handshake",
        detail: explain(error),
        ...(asked && { tls: tlsFacts({ hello: asked }) }),
      });
    });
  }

  /** The bytes so far. */
  get traffic(): Traffic {
    return this.#peer?.traffic ?? NO_TRAFFIC;
  }

  /** The bytes so far between the service and an upstream. */
  get upstreamTraffic(): Traffic {
    return this.#upstream?.traffic ?? NO_TRAFFIC;
  }

  /** What can be seen of it from outside; undefined while it is not served yet. */
  get state(): SessionState | undefined {
    if (!this.#peer || this.#number === 0) return undefined;
    const { context: { endpoint, service, server: { clock } } } = this.#options;
    const elapsedMs = clock.now() - this.#started;
    return {
      connection: this.#number,
      endpoint,
      service: service.name,
      ...stateOf(this.#peer),
      upstream: this.#upstream?.remote,
      openedAt: clock.wallTime() - elapsedMs,
      elapsedMs,
      faults: [...this.#faults ?? []],
    };
  }

  /** Its number among all connections of the server; 0 while it is not served yet. */
  get connection(): number {
    return this.#number;
  }

  /** What the system knows of its connection now, where it tells. */
  get tcpInfo(): Duplex["tcpInfo"] {
    return this.#peer?.tcpInfo;
  }

  /** Whether its peer speaks in datagrams. */
  get framed(): boolean {
    return this.#peer?.framed ?? false;
  }

  /** The name of its endpoint. */
  get endpoint(): string {
    return this.#options.context.endpoint;
  }

  /** Whether it has moved a byte, either way. */
  get active(): boolean {
    const { received, sent } = this.traffic;
    return received + sent > 0;
  }

  /** Closes the peer, unless the session has ended. */
  end(ending: Ending): void {
    this.#end(ending, () => this.#peer?.close());
  }

  /** The same by a reset, where the platform can. */
  reset(ending: Ending): void {
    this.#end(ending, () => this.#peer?.reset());
  }

  #end(ending: Ending, close: () => void): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelTimer?.();
    const { onEnd, context: { endpoint, server: { log, clock } } } = this.#options;
    if (!this.#peer) {
      this.#arrival.close();
      return onEnd();
    }
    const tcp = log.showsTcpInfo ? this.#peer.tcpInfo : undefined;
    close();
    const { remote, traffic: { received, sent } } = this.#peer;
    const elapsedMs = clock.now() - this.#started;
    const connection = this.#number;
    const fields = { endpoint, connection, remote, received, sent, elapsedMs };
    log.emit({ event: "closed", ...fields, ...ending, ...(tcp && { tcp }) });
    onEnd(ending);
  }

  #serve(peer: Duplex): void {
    if (this.#ended) return peer.close(); // during the handshake
    const { context, onOpen, onActive } = this.#options;
    const { endpoint, service, idleTimeout, faults, server } = context;
    const { log } = server;
    const { local, remote, via, security } = peer;
    const admitted = onOpen(remote);
    if (typeof admitted !== "number") {
      peer.close();
      service.refused?.(remote, context.state);
      return this.#refuse(remote, admitted);
    }
    this.#peer = peer;
    this.#number = server.nextConnection();
    log.emit({
      event: "opened",
      endpoint,
      connection: this.#number,
      remote,
      local,
      service: service.name,
      via,
      tls: tlsOf(peer),
      alpn: security?.alpn,
      subject: security?.chain?.[0]?.subject,
    });
    for (const { fault, milliseconds } of this.#delays) {
      const detail = `read nothing for ${formatDuration(milliseconds)}`;
      this.#tellFault(fault, { detail, direction: undefined });
    }
    if (!service.hidesPayload) peer.observe(log.watch({ endpoint, connection: this.#number }));
    if (onActive) peer.observe({ received: onActive, sent: onActive });
    this.#capture(peer, { initiator: "remote", began: this.#started });
    if (faults) this.#peer = this.#applyFaults(peer, { faults, number: admitted });
    if (this.#ended) return this.#peer.close(); // a fault has closed the peer
    const limit = idleTimeout ?? this.#arrival.idleTimeout;
    if (limit !== undefined) this.#endWhenIdle(peer, limit);
    service.handle(this.#peer, this.#serviceContext(remote)).then(
      // UDP has no end of input but the server's.
      (detail) =>
        this.end(detail ? { reason: "done", detail } : { reason: peer.framed ? "stopped" : "eof" }),
      (error) => this.end(endingOf(error)),
    );
  }

  #serviceContext(remote: Address): ServiceContext {
    const { endpoint, values, state, server: { log, clock } } = this.#options.context;
    const fields = { endpoint, connection: this.#number, remote };
    return {
      values,
      state,
      clock,
      report: (detail) => log.emit({ event: "upstream", ...fields, detail }),
      active: () => this.#lastActive = clock.now(),
      measured: (measured) => log.emit({ event: "measured", ...fields, ...measured }),
      watch: (upstream, began) => {
        this.#upstream = upstream;
        this.#capture(upstream, { initiator: "local", began });
      },
    };
  }

  /**
   * Has an observer see what passes from now on, until the returned function is called. Nothing
   * passes any more where the session has ended.
   */
  observe(observer: Observer): () => void {
    return this.#peer?.observe(observer) ?? (() => {});
  }

  /** Captures it from now on. */
  capture(capture: Capture): void {
    if (this.#ended || !this.#peer || this.#number === 0) return;
    const comment = `${this.#comment}, from here on`;
    this.#captures.add(this.#peer, { capture, initiator: "remote", comment });
    if (this.#upstream) {
      this.#captures.add(this.#upstream, { capture, initiator: "local", comment });
    }
  }

  /** Ends what {@linkcode Session.capture}, or a capture of all, has begun. */
  captureNoMore(capture: Capture): void {
    this.#captures.remove(capture);
  }

  // By every capture of the server that wants it.
  #capture(peer: Duplex, flow: Pick<FlowOptions, "initiator" | "began">): void {
    for (const { capture, wanted } of this.#options.context.server.captures) {
      if (wanted && !wanted(this)) continue;
      this.#captures.add(peer, { ...flow, capture, comment: this.#comment });
    }
  }

  get #comment(): string {
    const { service } = this.#options.context;
    return `#${this.#number} ${service.name} ${formatAddress(this.#peer!.local)}`;
  }

  #applyFaults(
    peer: Duplex,
    { faults, number }: { readonly faults: EndpointFaults; readonly number: number },
  ): Duplex {
    return faults.apply(peer, {
      clock: this.#options.context.server.clock,
      connection: number,
      fired: (fault, firing) => this.#tellFault(fault, firing),
      end: (how, fault) => {
        const ending = { reason: "fault", detail: fault } as const;
        this.#end(ending, () => {
          if (how === "reset") peer.reset();
          this.#peer?.close();
        });
      },
    });
  }

  #tellFault(fault: string, firing: Firing): void {
    const { endpoint, server: { log } } = this.#options.context;
    const { remote } = this.#peer!;
    (this.#faults ??= new Set()).add(fault);
    log.emit({ event: "fault", endpoint, connection: this.#number, remote, fault, ...firing });
  }

  #refuse(remote: Address, refusal: Refusal): void {
    if (this.#ended) return;
    this.#ended = true;
    const { onEnd, context: { endpoint, server: { log } } } = this.#options;
    log.emit({ event: "refused", endpoint, remote, ...refusal });
    onEnd();
  }

  #endWhenIdle(peer: Duplex, limit: number): void {
    const { clock } = this.#options.context.server;
    const touch = () => {
      this.#lastActive = clock.now();
    };
    peer.observe({ received: touch, sent: touch });
    touch(); // the time before it was opened does not count
    // One timer for the rest of the time, rather than one for each chunk.
    const check = () => {
      const left = this.#lastActive + limit - clock.now();
      if (left > 0) this.#cancelTimer = clock.after(left, check);
      else this.end({ reason: "idle", detail: `idle for ${formatDuration(limit)}` });
    };
    check();
  }
}

function endingOf(error: unknown): Ending {
  return isReset(error) ? { reason: "reset" } : { reason: "error", detail: explain(error) };
}
