/** The options of every client, by what they are about. */
import { capturing, choice, flag, interval, text } from "../cli/options.ts";
import { parsePatience } from "../core/retry.ts";

const connecting = {
  connectTimeout: interval(10_000, {
    summary: "give up connecting after D, all addresses and TLS together (default 10s)",
  }),
  retry: text({
    summary: "until the peer is there, try again N times, or for D",
    placeholder: "N|D",
    read: parsePatience,
  }),
};

const showing = {
  show: choice(["none", "text", "hex", "size"], {
    summary: "show what goes out and comes in on stderr: not at all (the default), as text, " +
      "as a hex dump, or its size",
  }),
  verbose: flag({
    short: "v",
    summary: "tell on stderr of attempts, addresses, the TLS session with its certificates, bytes",
  }),
  color: choice(["auto", "always", "never"], {
    summary: "colour: on a terminal (the default), always or never",
  }),
  ...capturing,
  help: flag({ short: "h", summary: "print this help" }),
};

/** Under the titles of the help. */
export const groups = [
  { title: "connecting", options: connecting },
  { title: "what is shown and kept", options: showing },
];

/** All of them. */
export const common = { ...connecting, ...showing };
