/** Refuse: a peer is accepted and closed at once. */
import { choice } from "../../cli/options.ts";
import { defineFault } from "../fault.ts";

/** The refuse fault. */
export const refuse = defineFault({
  name: "refuse",
  summary: "close, or reset (on Linux), a connection as soon as it is accepted",
  main: "how",
  atAccept: true,
  example: "refuse:reset,toxicity=0.5",
  options: { how: choice(["close", "reset"], { summary: "how" }) },
  resets: ({ how }) => how === "reset",
  create: ({ how }, { close, reset, fired }) => ({
    start() {
      fired(how === "reset" ? "resets the connection at once" : "closes the connection at once");
      if (how === "reset") reset();
      else close();
    },
    chunk() {},
  }),
});
