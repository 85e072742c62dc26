/** The faults. */
import { acceptDelay } from "./kinds/accept_delay.ts";
import { bandwidth } from "./kinds/bandwidth.ts";
import { corrupt } from "./kinds/corrupt.ts";
import { drop } from "./kinds/drop.ts";
import type { Fault } from "./fault.ts";
import { latency } from "./kinds/latency.ts";
import { limitData } from "./kinds/limit_data.ts";
import { noop } from "./kinds/noop.ts";
import { refuse } from "./kinds/refuse.ts";
import { resetPeer } from "./kinds/reset_peer.ts";
import { retransmit } from "./kinds/retransmit.ts";
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
  retransmit,
  drop,
  refuse,
  acceptDelay,
  noop,
];
