/** An endpoint of the server: it listens on an address, and serves those who arrive there. */
import { NetworkError } from "../core/errors.ts";
import { Turns } from "../core/turns.ts";
import type { EndpointFaults } from "../faults/endpoint_faults.ts";
import { type Address, formatAddress, isTcp } from "../net/address.ts";
import { listenWithDatagrams } from "../net/datagrams_beside.ts";
import type { Listener } from "../net/transport.ts";
import type { Values } from "../cli/options.ts";
import type { admissionOptions } from "./options.ts";
import type { Ending, ServerContext, SessionContext } from "./session.ts";
import type { Admission } from "./admission.ts";
import { Acceptor } from "./acceptor.ts";
import { defaultName, type EndpointSpec } from "./endpoint_spec.ts";
import { Sessions, type SessionsOptions, type Totals } from "./sessions.ts";

const FAULTY_REPLY_FACTOR = 2; // over UDP: a fault may double an answer, and delay it

/** What an {@linkcode Endpoint} has besides what it is to be. */
export interface EndpointOptions extends SessionsOptions {
  readonly server: ServerContext;
  readonly faults?: EndpointFaults | undefined;
}

/** An endpoint, which can be started and stopped while others go on. */
export class Endpoint {
  readonly sessions: Sessions;
  #spec: EndpointSpec;
  #context: SessionContext;
  readonly #options: EndpointOptions;
  #address: Address;
  #listener: Listener | undefined;
  #acceptor: Acceptor | undefined;
  #accepting: Promise<void> = Promise.resolve();
  #released: Promise<void> | undefined; // while sessions may use the socket of the last listener
  readonly #turns = new Turns(); // so that a stop during a start does not leave it listening

  constructor(spec: EndpointSpec, options: EndpointOptions) {
    this.#spec = spec;
    this.#options = options;
    this.#address = spec.address;
    this.#context = this.#sessionContext();
    this.sessions = new Sessions(() => this.#context, options);
  }

  #sessionContext(): SessionContext {
    const { server, faults } = this.#options;
    const { service, values } = this.#spec;
    const { idleTimeout } = values as Values<typeof admissionOptions>;
    const nameOf = () => this.name;
    return {
      get endpoint() {
        return nameOf(); // once it listens
      },
      server,
      service,
      values,
      state: service.start?.(values),
      idleTimeout,
      faults,
    };
  }

  /** What it is to be. */
  get spec(): EndpointSpec {
    return this.#spec;
  }

  /** The faults that its peers meet, if it can have any. */
  get faults(): EndpointFaults | undefined {
    return this.#options.faults;
  }

  /** Makes something else of it, while it does not listen; its faults stay. */
  change(spec: EndpointSpec, admission: Admission): void {
    this.#spec = spec;
    this.sessions.admission = admission;
    this.#address = spec.address;
    this.#context = this.#sessionContext();
  }

  /** As it was given, or else its address. */
  get name(): string {
    return this.#spec.name ?? defaultName(this.#address);
  }

  /** Where it listens or, while it does not, is to listen. */
  get address(): Address {
    return this.#address;
  }

  /** The listener while it listens. */
  get listener(): Listener | undefined {
    return this.#listener;
  }

  get totals(): Totals {
    return this.sessions.totals;
  }

  /**
   * Listens, without accepting yet, so that a server listens on all endpoints or on none. A port that
   * the system has chosen is kept from then on.
   *
   * @throws {NetworkError} when the address cannot be bound
   */
  bind(): Promise<void> {
    return this.#turns.run(() => this.#bind());
  }

  async #bind(): Promise<void> {
    if (this.#listener) return;
    if (this.#released) {
      await this.sessions.endAll({ reason: "stopped" });
      await this.#released;
    }
    const { transport, service, values } = this.#spec;
    await service.load?.(values);
    const { server: { clock }, faults } = this.#options;
    const replyFactor = service.replyFactor ?? (faults && FAULTY_REPLY_FACTOR);
    const mayWait = faults?.delayAccepts ?? false;
    const options = { values, clock, replyFactor, mayWait };
    const address = this.#address;
    this.#listener = service.takesDatagrams && isTcp(address)
      ? await listenWithDatagrams(address, options)
      : await transport.listen(address, options);
    this.#address = this.#listener.address;
    this.#released = this.#listener.released;
  }

  /** Serves those who arrive, if it listens. */
  accept(): void {
    if (!this.#listener || this.#acceptor) return;
    const { server: { log, clock } } = this.#options;
    this.#acceptor = new Acceptor(this.#listener, {
      onArrival: (arrival) => this.sessions.serve(arrival),
      endpoint: this.name,
      log,
      clock,
    });
    this.#accepting = this.#acceptor.run();
  }

  /**
   * Stops accepting; its sessions go on. Resolves when the port is free or, over UDP, is used by
   * them alone.
   */
  stopListening(): Promise<void> {
    return this.#turns.run(() => this.#stopListening());
  }

  async #stopListening(): Promise<void> {
    const accepting = this.#accepting;
    if (this.#acceptor) this.#acceptor.stop();
    else this.#listener?.close();
    this.#acceptor = this.#listener = undefined;
    await accepting;
  }

  /** Stops listening and ends its sessions. */
  async stop(ending: Ending = { reason: "stopped" }): Promise<void> {
    await this.stopListening();
    await this.sessions.endAll(ending);
  }
}

/** The error of an address that the server itself has in use. */
export function inUseByItself(address: Address, other: Endpoint): NetworkError {
  return new NetworkError(
    `Cannot listen on ${formatAddress(address)}: this server listens on ` +
      `${formatAddress(other.address)} already; leave one of them out`,
  );
}
