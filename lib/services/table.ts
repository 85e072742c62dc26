/** The services. */
import type { OptionTable } from "../options.ts";
import { chargen } from "./chargen.ts";
import { daytime } from "./daytime.ts";
import { discard } from "./discard.ts";
import { echo } from "./echo.ts";
import { forward } from "./forward.ts";
import { reply } from "./reply.ts";
import type { Service } from "./service.ts";
import { time } from "./time.ts";

/** Every service; the first is the default. */
export const services: readonly [Service, ...Service[]] = [
  echo,
  discard,
  chargen,
  daytime,
  time,
  reply,
  forward,
];

/** What the services add to the server's options. */
export const serviceOptions: OptionTable = Object.assign(
  {},
  ...services.map(({ options }) => options),
);
