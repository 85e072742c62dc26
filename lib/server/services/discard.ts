/** Discard (RFC 863): "throws away any data it receives. No response is sent." */
import { discardInput } from "../../net/pump.ts";
import { defineService } from "../service.ts";

/** The discard service. It closes its side when the peer has closed its own. */
export const discard = defineService({
  name: "discard",
  summary: "throw away what comes in (RFC 863)",
  options: {},
  example: "netecho server :9=discard",
  handle: async (peer) => {
    await discardInput(peer);
    await peer.closeWrite();
  },
});
