/** The options of every client, by topic. */
import { captureOptions } from "../capture/options.ts";
import { choice, flag, interval, text } from "../cli/options.ts";
import { parseRetryLimit } from "../core/retry.ts";

const connecting = {
  connectTimeout: interval({
    initial: 10_000,
    summary: "give up connecting after D, for all addresses and TLS together",
  }),
  retry: text({
    summary: "while the peer cannot be reached, retry N times, or for D",
    placeholder: "N|D",
    read: parseRetryLimit,
  }),
};

const showing = {
  show: choice(["none", "text", "hex", "size"], {
    summary: "show on stderr what comes in and goes out: not at all, as text, as a hex dump, or " +
      "its size alone",
  }),
  verbose: flag({
    short: "v",
    summary: "print on stderr attempts, addresses, the TLS session and its certificates, and bytes",
  }),
  progress: choice(["auto", "always", "never"], {
    summary: "show in a line on stderr that something takes long: on a terminal that has nothing " +
      "else to show and where nobody types, always or never",
  }),
  color: choice(["auto", "always", "never"], {
    summary: "colour the output: on a terminal, always or never",
  }),
  ...captureOptions,
  help: flag({ short: "h", summary: "print this help" }),
};

/** The options by the titles of the help. */
export const optionGroups = [
  { title: "connecting", options: connecting },
  { title: "what is shown and kept", options: showing },
];

/** All options of the client but those of modes and transports. */
export const clientOptions = { ...connecting, ...showing };
