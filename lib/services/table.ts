/** The services. */
import { echo } from "./echo.ts";
import type { Service } from "./service.ts";

/** Every service; the first is the default. */
export const services: readonly [Service, ...Service[]] = [echo];
