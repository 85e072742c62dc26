/** The options of capturing, of the server and the client alike. */
import { text } from "../cli/options.ts";
import { UsageError } from "../core/errors.ts";
import { parseSize } from "../core/units.ts";

const MIN_FILE_BYTES = 4096; // a file for each packet is of no use

/** Where connections are captured. */
export const captureOptions = {
  capture: text({
    summary: "write every connection to FILE for Wireshark (pcapng); with - to stdout, and what " +
      "is otherwise printed there to stderr",
    placeholder: "FILE",
    read: (path) => /^\/(dev\/stdout|dev\/fd\/1|proc\/self\/fd\/1)$/.test(path) ? "-" : path,
  }),
  captureSize: text({
    summary: "begin another file when one has SIZE bytes",
    placeholder: "SIZE",
    read: readFileSize,
    needs: ["capture"],
  }),
};

function readFileSize(text: string): number {
  const size = parseSize(text);
  if (size >= MIN_FILE_BYTES) return size;
  throw new UsageError(`a size of at least 4KiB is needed, not "${text}"`);
}
