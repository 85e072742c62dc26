/** Accept delay: the system has accepted the connection, and the program does not come to it. */
import { interval } from "../../cli/options.ts";
import { defineFault } from "../fault.ts";

/** The accept_delay fault. */
export const acceptDelay = defineFault({
  name: "accept_delay",
  summary: "after the system's accept read nothing for so long, not even a TLS handshake",
  only: "streams",
  main: "delay",
  atAccept: true,
  example: "accept_delay:2s,connections=1-3",
  options: { delay: interval({ initial: 1000, summary: "for how long" }) },
  acceptDelay: ({ delay }) => delay,
  create: () => ({ chunk: (bytes, emit) => emit(bytes) }),
});
