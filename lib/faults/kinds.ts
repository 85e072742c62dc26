/** The faults. */
import { bandwidth } from "./kinds/bandwidth.ts";
import { corrupt } from "./kinds/corrupt.ts";
import { drop } from "./kinds/drop.ts";
import type { Fault } from "./fault.ts";
import { latency } from "./kinds/latency.ts";
import { limitData } from "./kinds/limit_data.ts";
import { refuse } from "./kinds/refuse.ts";
import { resetPeer } from "./kinds/reset_peer.ts";
import { slicer } from "./kinds/slicer.ts";
import { slowClose } from "./kinds/slow_close.ts";
import { stall } from "./kinds/stall.ts";
import { timeout } from "./kinds/timeout.ts";

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
