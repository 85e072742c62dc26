/** Who is admitted: by their address, and while there are not too many. */
import { type Address, isInet } from "../net/address.ts";
import type { EventMap } from "../log/event.ts";
import { formatQuantity } from "../core/units.ts";
import type { AccessList } from "./access_list.ts";

/** Why a peer is not served. */
export type Refusal = Pick<EventMap["refused"], "reason" | "detail" | "tls">;

/** Counts what is open at once, up to a limit: of a server, or of one endpoint. */
export class ConnectionLimit {
  readonly #limit: number;
  #open = 0;

  constructor(limit = Infinity) {
    this.#limit = limit;
  }

  /** Takes a place; returns why there is none. */
  take(): Refusal | undefined {
    if (this.#open >= this.#limit) return { reason: "limit", detail: openAlready(this.#limit) };
    this.#open++;
    return undefined;
  }

  /** Gives a place back. */
  free(): void {
    this.#open--;
  }
}

/** The same for each host. Without a limit it counts nothing. */
export class HostLimit {
  readonly #limit: number | undefined;
  readonly #open = new Map<string, number>();

  constructor(limit?: number) {
    this.#limit = limit;
  }

  /** Takes a place of a host; returns why it has none. */
  take(hostname: string): Refusal | undefined {
    if (this.#limit === undefined) return undefined;
    const open = this.#open.get(hostname) ?? 0;
    if (open >= this.#limit) {
      return { reason: "host-limit", detail: `${openAlready(this.#limit)} from ${hostname}` };
    }
    this.#open.set(hostname, open + 1);
    return undefined;
  }

  /** Gives a place back. */
  free(hostname: string): void {
    const left = (this.#open.get(hostname) ?? 0) - 1;
    if (left > 0) this.#open.set(hostname, left);
    else this.#open.delete(hostname);
  }
}

/** What an {@linkcode Admission} judges by. Limits may be shared between endpoints. */
export interface AdmissionOptions {
  readonly access?: AccessList | undefined;
  readonly connections?: ConnectionLimit;
  readonly connectionsPerHost?: HostLimit;
}

/** Admits the peers of an endpoint. */
export class Admission {
  readonly #access: AccessList | undefined;
  readonly #connections: ConnectionLimit;
  readonly #connectionsPerHost: HostLimit;

  constructor(
    {
      access,
      connections = new ConnectionLimit(),
      connectionsPerHost = new HostLimit(),
    }: AdmissionOptions = {},
  ) {
    this.#access = access;
    this.#connections = connections;
    this.#connectionsPerHost = connectionsPerHost;
  }

  /** A place for one more connection, whoever it is from. */
  admit(): Ticket | Refusal {
    return this.#connections.take() ?? new Ticket(this);
  }

  /** @internal Unix sockets have no hosts, and are never refused. */
  admitHost(remote: Address): Refusal | undefined {
    if (!isInet(remote)) return undefined;
    const denied = this.#access?.denies(remote.hostname);
    if (denied) return { reason: "denied", detail: denied };
    return this.#connectionsPerHost.take(remote.hostname);
  }

  /** @internal */
  leave(host: Address | undefined): void {
    this.#connections.free();
    if (host && isInet(host)) this.#connectionsPerHost.free(host.hostname);
  }
}

/** The place of one connection. */
export class Ticket {
  readonly #admission: Admission;
  #host: Address | undefined;
  #left = false;

  constructor(admission: Admission) {
    this.#admission = admission;
  }

  /** Says who the peer is, once that is known; returns why it is not served. */
  identify(remote: Address): Refusal | undefined {
    const refusal = this.#admission.admitHost(remote);
    if (!refusal) this.#host = remote;
    return refusal;
  }

  /** Gives the place back; may be called again. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#admission.leave(this.#host);
  }
}

function openAlready(count: number): string {
  return `${formatQuantity(count, "connection")} open already`;
}
