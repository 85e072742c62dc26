/** Topics of `netecho help`. */
import { addresses } from "./topics/addresses.ts";
import { conditions } from "./topics/conditions.ts";
import { controlTopic } from "./topics/control.ts";
import { endpointTopic } from "./topics/endpoints.ts";
import { eof } from "./topics/eof.ts";
import { events } from "./topics/events.ts";
import { exitCodes } from "./topics/exit_codes.ts";
import { faultTopic } from "./topics/faults.ts";
import { load } from "./topics/load.ts";
import { recording } from "./topics/recording.ts";
import { throughputTopic } from "./topics/throughput.ts";
import type { Topic } from "./topic.ts";

/** Every topic. */
export const topics: readonly Topic[] = [
  addresses,
  endpointTopic,
  faultTopic,
  controlTopic,
  eof,
  recording,
  load,
  throughputTopic,
  events,
  conditions,
  exitCodes,
];
