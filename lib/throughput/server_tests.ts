/** The tests of an endpoint, any number of them at once. */
import { type Clock, settlesWithin } from "../core/clock.ts";
import { NetworkError } from "../core/errors.ts";
import { Turns } from "../core/turns.ts";
import { formatDuration } from "../core/units.ts";
import { type Address, isInet, isTcp } from "../net/address.ts";
import type { Duplex } from "../net/duplex.ts";
import { pump } from "../net/pump.ts";
import { ControlChannel } from "./control_channel.ts";
import { COOKIE_BYTES, DATAGRAM_ANSWER, DATAGRAM_HELLO, ECHO_PREFIX } from "./protocol.ts";
import type { Measured } from "./measured.ts";
import { ServerTest, TEST_OVER } from "./server_test.ts";

const COOKIE_TIMEOUT_MS = 10_000;

/** What a connection is served with. */
export interface TestContext {
  readonly clock: Clock;
  readonly measured: (measured: Measured) => void;
  /** Tells that the connection is not idle. */
  readonly active: () => void;
}

/** A test, and whose it is. */
interface Begun {
  readonly test: ServerTest;
  readonly control: Duplex;
}

/** Serves the connections of tests: which test one belongs to, its cookie tells. */
export class ServerTests {
  readonly #tests = new Map<string, Begun>();
  // By host: of tests whose streams are datagrams, one at a time waits for them.
  readonly #gathering = new Map<string | undefined, Turns>();
  #connections = 0;

  /**
   * Serves a connection to its end: that of a test, a stream of one, or one for an echo. Returns why it
   * ends, where it is not the peer's end.
   */
  async serve(peer: Duplex, context: TestContext): Promise<string | void> {
    const order = this.#connections++;
    if (peer.framed) return await this.#serveDatagrams(peer, order);
    const channel = new ControlChannel(peer);
    const cookie = await readCookie(channel, context.clock);
    if (cookie === undefined) return await peer.closeWrite();
    if (cookie.startsWith(ECHO_PREFIX)) return await echo(peer, { cookie, rest: channel.rest });
    const known = this.#tests.get(cookie);
    if (known) return await known.test.join({ peer, first: channel.rest, order });
    return await this.#begin(cookie, { channel, control: peer, context });
  }

  /** A connection of a host was refused: it may have been a stream that a test of it waits for. */
  refused(remote: Address): void {
    for (const { test, control } of this.#tests.values()) {
      if (hostOf(control) === hostOf({ remote })) test.refusedStream();
    }
  }

  async #begin(
    cookie: string,
    { channel, control, context }: {
      readonly channel: ControlChannel;
      readonly control: Duplex;
      readonly context: TestContext;
    },
  ): Promise<string> {
    const host = hostOf(control);
    const turns = this.#gathering.get(host) ?? new Turns();
    this.#gathering.set(host, turns);
    const test = new ServerTest(channel, {
      ...context,
      takesDatagrams: isTcp(control.local),
      gatherInTurn: (gather) => turns.run(gather),
    });
    this.#tests.set(cookie, { test, control });
    try {
      await test.run();
      return TEST_OVER;
    } finally {
      this.#tests.delete(cookie);
      if (!this.#tests.values().some(({ control }) => hostOf(control) === host)) {
        this.#gathering.delete(host);
      }
    }
  }

  // The test that waits for a datagram that opens a stream. netecho's tells the cookie; of the tests of
  // iperf3, one at a time waits. A datagram of another host than the client's, which anybody may have
  // forged, gets no answer: the stream may be one that sends.
  #waitingFor(datagram: Uint8Array, host: string | undefined): ServerTest | undefined {
    const named = datagram.length === DATAGRAM_HELLO.length + COOKIE_BYTES;
    if (!named && datagram.length !== DATAGRAM_HELLO.length) return undefined;
    const told = new TextDecoder("latin1").decode(datagram.subarray(DATAGRAM_HELLO.length, -1));
    const [, begun] =
      this.#tests.entries().find(([cookie, { test, control }]) =>
        hostOf(control) === host && test.awaitsDatagram({ named }) && (!named || cookie === told)
      ) ?? [];
    return begun?.test;
  }

  async #serveDatagrams(peer: Duplex, order: number): Promise<string | void> {
    const first = await peer.read();
    if (!first) return;
    const waiting = this.#waitingFor(first, hostOf(peer));
    if (!waiting) throw new NetworkError("a datagram of a stream that no test waits for");
    await peer.write(DATAGRAM_ANSWER);
    return await waiting.join({ peer, first: new Uint8Array(0), order });
  }
}

async function readCookie(channel: ControlChannel, clock: Clock): Promise<string | undefined> {
  const reading = channel.readCookie();
  const inTime = await settlesWithin(reading, { clock, milliseconds: COOKIE_TIMEOUT_MS });
  if (inTime) return await reading;
  throw new NetworkError(
    `fewer than the ${COOKIE_BYTES} bytes of a cookie came in ${formatDuration(COOKIE_TIMEOUT_MS)}`,
  );
}

async function echo(
  peer: Duplex,
  { cookie, rest }: { readonly cookie: string; readonly rest: Uint8Array },
): Promise<void> {
  await peer.write(new TextEncoder().encode(`${cookie}\0`));
  await peer.write(rest);
  await pump(peer, peer);
}

function hostOf({ remote }: Pick<Duplex, "remote">): string | undefined {
  return isInet(remote) ? remote.hostname : undefined;
}
