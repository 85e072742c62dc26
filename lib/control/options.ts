/** The options of the control interface. */
import { textFile } from "../cli/files.ts";
import { flag, list, text } from "../cli/options.ts";
import { parseAddress } from "../net/parse_address.ts";

/** The options of the control interface, and of what is written for it. */
export const controlOptions = {
  control: text({
    summary:
      "let the server be changed while it runs, by HTTP at ADDRESS (localhost:8474 or unix:PATH): " +
      "toxiproxy's interface, and more under /v1",
    placeholder: "ADDRESS",
    read: parseAddress,
  }),
  controlToken: text({
    summary: "ask for this token: Authorization: Bearer TOKEN",
    placeholder: "TOKEN",
    needs: ["control"],
    excludes: ["controlTokenFile", "controlOpen"],
  }),
  controlTokenFile: textFile({
    summary: "the same, from a file",
    needs: ["control"],
    excludes: ["controlOpen"],
  }),
  controlOpen: flag({
    summary: "let everybody who reaches ADDRESS change the server, as clients of toxiproxy need it",
    needs: ["control"],
  }),
  controlHost: list({
    summary: "take requests for this host name; others must name an IP address or localhost " +
      "(repeatable)",
    placeholder: "NAME",
    needs: ["control"],
  }),
  config: text({
    summary: "open the endpoints of a JSON file: one of toxiproxy, or the answer of GET /v1/config",
    placeholder: "FILE",
  }),
};
