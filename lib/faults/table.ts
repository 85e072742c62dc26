/** The faults. */
import { bandwidth } from "./bandwidth.ts";
import { corrupt } from "./corrupt.ts";
import { drop } from "./drop.ts";
import type { Fault } from "./fault.ts";
import { latency } from "./latency.ts";
import { limitData } from "./limit_data.ts";
import { refuse } from "./refuse.ts";
import { resetPeer } from "./reset_peer.ts";
import { slicer } from "./slicer.ts";
import { slowClose } from "./slow_close.ts";
import { stall } from "./stall.ts";
import { timeout } from "./timeout.ts";

/** Every fault. */
export const faults: readonly Fault[] = [
  latency,
  bandwidth,
  slicer,
  slowClose,
  timeout,
  resetPeer,
  limitData,
  corrupt,
  stall,
  drop,
  refuse,
];
