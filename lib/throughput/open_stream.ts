/** Making the streams of a test. */
import type { Clock } from "../core/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { ByteReceiver, ByteSender } from "./byte_streams.ts";
import type { Allowance, DataStream, StreamOptions } from "./data_stream.ts";
import { DatagramReceiver, DatagramSender } from "./datagram_streams.ts";
import { sendingStreams, type Side, type TestParameters } from "./parameters.ts";
import { payloadOf } from "./payload.ts";
import { streamId } from "./protocol.ts";

/** A connection that is to be a stream. */
export interface Joined {
  readonly peer: Duplex;
  /** What has come behind the cookie already. */
  readonly first: Uint8Array;
}

/** Makes streams of the connections, which are in the order of their numbers. */
export function openStreams(
  joined: readonly Joined[],
  { parameters, side, allowance, clock }: {
    readonly parameters: TestParameters;
    readonly side: Side;
    readonly allowance?: Allowance | undefined;
    readonly clock: Clock;
  },
): DataStream[] {
  const payload = payloadOf(parameters.blockBytes);
  return sendingStreams(parameters, side).map((sends, index) => {
    const { peer, first } = joined[index]!;
    const options: StreamOptions = {
      ...parameters,
      id: streamId(index),
      peer,
      payload,
      allowance,
      endsWithFin: side === "server",
      clock,
    };
    if (sends) return peer.framed ? new DatagramSender(options) : new ByteSender(options);
    return peer.framed ? new DatagramReceiver(options) : new ByteReceiver(options, first);
  });
}
