/** How the directions of a connection end, for those who want to know; nobody else pays for it. */
import { isReset } from "../core/errors.ts";
import type { Output } from "../terminal/output.ts";
import type { Reads } from "./chunk_io.ts";

/** Learns that the peer has ended: properly, or by breaking the connection. */
export type TellEnd = (how: "fin" | "reset") => void;

/** The same source, which tells of its end. */
export function tellingReads(from: Reads, tell: TellEnd): Reads {
  return {
    async read(into) {
      const length = await from.read(into).catch(tellingReset(tell));
      if (length === null) tell("fin");
      return length;
    },
  };
}

/** The same output, which tells when it breaks. */
export function tellingOutput(to: Output, tell: TellEnd): Output {
  return { write: (bytes) => to.write(bytes).catch(tellingReset(tell)) };
}

function tellingReset(tell: TellEnd): (error: unknown) => never {
  return (error) => {
    if (isReset(error)) tell("reset");
    throw error;
  };
}
