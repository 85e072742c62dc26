/** The services. */
import type { OptionTable } from "../cli/options.ts";
import { chargen } from "./services/chargen.ts";
import { daytime } from "./services/daytime.ts";
import { discard } from "./services/discard.ts";
import { echo } from "./services/echo.ts";
import { forward } from "./services/forward.ts";
import { iperf3 } from "./services/iperf3.ts";
import { reply } from "./services/reply.ts";
import type { Service } from "./service.ts";
import { time } from "./services/time.ts";

/** Every service; the first is the default. */
export const services: readonly [Service, ...Service[]] = [
  echo,
  discard,
  chargen,
  daytime,
  time,
  reply,
  forward,
  iperf3,
];

/** What the services add to the server's options. */
export const serviceOptions: OptionTable = Object.assign(
  {},
  ...services.map(({ options }) => options),
);
