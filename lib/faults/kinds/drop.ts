/** Drop: datagrams are lost, duplicated and reordered. */
import { defineFault, type Emit } from "../fault.ts";
import { share } from "../parameters.ts";

/** The drop fault. */
export const drop = defineFault({
  name: "drop",
  summary: "lose datagrams, send some twice, and let some be overtaken",
  main: "loss",
  only: "datagrams",
  example: "drop:10%,duplicate=1%,reorder=5%",
  options: {
    loss: share("the share that is lost"),
    duplicate: share("the share that arrives twice"),
    reorder: share("the share that the next one overtakes"),
  },
  create({ loss = 0, duplicate = 0, reorder = 0 }, { random, fired }) {
    let held: Uint8Array | undefined;
    const release = (emit: Emit) => {
      if (held) emit(held);
      held = undefined;
    };
    return {
      chunk(bytes, emit) {
        const [lost, doubled, late] = [random() < loss, random() < duplicate, random() < reorder];
        if (lost) return fired("loses a datagram");
        if (late && !held) {
          held = bytes;
          return fired("lets a datagram be overtaken");
        }
        emit(bytes);
        if (doubled) {
          fired("doubles a datagram");
          emit(bytes);
        }
        release(emit);
      },
      end: release,
      release,
    };
  },
});
