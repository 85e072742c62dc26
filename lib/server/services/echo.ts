/** Echo (RFC 862): "any data received is sent back". */
import { pump } from "../../net/pump.ts";
import type { Service } from "../service.ts";

/** The echo service. All that came before the peer's FIN goes back, and then a FIN. */
export const echo: Service = {
  name: "echo",
  summary: "send back what comes in (RFC 862)",
  options: {},
  example: "netecho server :7",
  handle: (peer) => pump(peer, peer),
};
