/** The bytes that are kept of a connection as a capture, for Wireshark. */
import { flowOf, type Frame } from "../../capture/flow.ts";
import { fileHeader, packetBlock } from "../../capture/pcapng_writer.ts";
import { parseAddress } from "../../net/parse_address.ts";
import type { ByteView } from "./byte_view.ts";
import type { ConnectionView } from "./store.ts";

/** The blocks of a pcapng file. What was skipped is missing from it, as if it were not captured. */
export function packetsOf(
  { entries }: Pick<ByteView, "entries">,
  { connection, service, remote, local }: ConnectionView,
): Uint8Array<ArrayBuffer>[] {
  const blocks = [fileHeader({ application: "netecho", name: "netecho" })];
  const ends = { remote: parseAddress(remote), local: parseAddress(local) };
  let time = entries[0]?.time ?? 0;
  const write = (frames: readonly Frame[]) => {
    for (const { bytes, comment } of frames) {
      blocks.push(packetBlock({ at: time, bytes, comment }));
    }
  };
  const flow = flowOf({ ...ends, framed: remote.startsWith("udp:") }, {
    initiator: "remote",
    number: connection,
    comment: `#${connection} ${service} ${local}, as shown by the page`,
    write,
  });
  for (const { direction, bytes, skipped, end, time: at } of entries) {
    time = at;
    if (direction && skipped > 0) flow.skipped(direction, skipped);
    else if (end && !direction) flow.closed?.(end === "reset" ? "reset" : "closed");
    else if (end && direction === "out") flow.halfClosed?.();
    else if (end) flow.ended?.(end === "reset" ? "reset" : "fin");
    else if (direction) flow[direction === "in" ? "received" : "sent"]?.(bytes);
  }
  return blocks as Uint8Array<ArrayBuffer>[];
}
