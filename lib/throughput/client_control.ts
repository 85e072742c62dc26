/** What a client asks of a server and is answered, over the control connection of a test. */
import { type Clock, settlesWithin } from "../core/clock.ts";
import { NetworkError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { formatDuration } from "../core/units.ts";
import { ControlChannel } from "./control_channel.ts";
import type { Duplex } from "../net/duplex.ts";
import { describeServerError, STATE, type State } from "./protocol.ts";

const TLS_ALERT = 21; // the content type, which a TLS record begins with (RFC 8446, section 5.1)
const ANSWER_TIMEOUT_MS = 30_000; // of a server whose sockets may be full of data

/** The client's end of a control connection. */
export class ClientControl {
  readonly #channel: ControlChannel;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #connectTimeout: number;
  #hasBegun = false; // so that the server is one, and has accepted the test

  /** @param name the server's address, for errors */
  constructor(
    peer: Duplex,
    { clock, name, connectTimeout }: {
      readonly clock: Clock;
      readonly name: string;
      /** Milliseconds for each answer before the streams are made. */
      readonly connectTimeout: number;
    },
  ) {
    this.#connectTimeout = connectTimeout;
    this.#channel = new ControlChannel(peer);
    this.#clock = clock;
    this.#name = name;
  }

  sendCookie(cookie: Uint8Array): Promise<void> {
    return this.#channel.sendCookie(cookie);
  }

  sendState(state: State): Promise<void> {
    return this.#channel.sendState(state);
  }

  sendJson(value: JsonObject): Promise<void> {
    return this.#channel.sendJson(value);
  }

  /**
   * Waits for a state.
   *
   * @throws {NetworkError} where another one comes, or none in time
   */
  async expect(state: State): Promise<void> {
    await this.#inTime(this.#expect(state));
  }

  /** A document; as {@linkcode ClientControl.expect}. */
  async readJson(): Promise<JsonObject> {
    return await this.#inTime(this.#channel.readJson());
  }

  /** Resolves when the server says something, for {@linkcode ClientControl.expect} to see. */
  async serverSpoke(): Promise<void> {
    await this.#channel.peekState();
  }

  async #expect(wanted: State): Promise<void> {
    const state = await this.#channel.peekState();
    if (state === wanted) {
      await this.#channel.readState();
      this.#hasBegun ||= wanted === STATE.createStreams;
      return;
    }
    throw new NetworkError(await this.#describe(state));
  }

  async #describe(state: number | undefined): Promise<string> {
    const name = this.#name;
    switch (state) {
      case undefined:
        return this.#hasBegun
          ? `${name} closed the connection before the end of the test`
          : `${name} closed the connection: is it an iperf3 server?`;
      case STATE.accessDenied:
        return `${name} is busy with another test; iperf3 serves one at a time`;
      case STATE.serverTerminate:
        return `${name} has stopped`;
      case STATE.serverError: {
        await this.#channel.readState();
        const reason = describeServerError(await this.#channel.readNumber());
        return `${name} ${this.#hasBegun ? "ended" : "refused"} the test: ${reason}`;
      }
      default:
        return this.#hasBegun
          ? `${name} sent something that is not iperf3's protocol: ${state}`
          : `${name} is no iperf3 server: it answered ${state}` +
            (state === TLS_ALERT ? "; does it speak TLS? try tls://" : "");
    }
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    const milliseconds = this.#hasBegun ? ANSWER_TIMEOUT_MS : this.#connectTimeout;
    const limit = { clock: this.#clock, milliseconds };
    if (!await settlesWithin(work, limit)) {
      throw new NetworkError(
        `${this.#name} gave no answer within ${formatDuration(milliseconds)}`,
      );
    }
    return await work.catch((error) => {
      if (!(error instanceof SyntaxError)) throw error;
      throw new NetworkError(
        `${this.#name} sent something that is not iperf3's protocol: ${error.message}`,
      );
    });
  }
}
