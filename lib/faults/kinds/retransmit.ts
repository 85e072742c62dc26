/** Retransmit: segments are lost on their way, and TCP sends them again. */
import { UsageError } from "../../core/errors.ts";
import { interval } from "../../cli/options.ts";
import { formatDuration } from "../../core/units.ts";
import { defineFault } from "../fault.ts";
import { share } from "../parameters.ts";

const SEGMENT_BYTES = 1460; // of Ethernet: 1,500 without the headers of IPv4 and TCP
const MAX_LOSSES = 7; // of one segment, in a row

/** The retransmit fault. */
export const retransmit = defineFault({
  name: "retransmit",
  summary: "lose segments as a network does: what is behind one waits until it was sent again",
  only: "streams",
  main: "loss",
  example: "retransmit:1%,rto=200ms",
  options: {
    loss: share("the share of segments of 1,460 bytes, or of smaller messages, that is lost"),
    rto: interval({
      initial: 200,
      summary:
        "the retransmission time-out, which doubles each time that the segment is lost again",
    }),
  },
  check({ loss }) {
    if (loss === undefined) throw new UsageError("a share is needed, as in retransmit:1%");
  },
  create({ loss = 0, rto }, { clock, random, fired }) {
    const lossesInARow = () => {
      let losses = 0;
      while (losses < MAX_LOSSES && random() < loss) losses++;
      return losses;
    };
    return {
      chunk(bytes, emit) {
        for (let at = 0; at < bytes.length; at += SEGMENT_BYTES) {
          const losses = lossesInARow();
          const delay = rto * (2 ** losses - 1); // rto, and twice that, and so on
          if (losses > 0) fired(`retransmits after ${formatDuration(delay)}`);
          emit(bytes.subarray(at, at + SEGMENT_BYTES), losses > 0 ? clock.now() + delay : 0);
        }
      },
    };
  },
});
