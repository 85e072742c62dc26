/** The first events of a server: where it listens, its faults, its certificates. */
import type { FaultPlan } from "../faults/plan.ts";
import type { Log } from "../log/log.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Endpoints } from "./endpoints.ts";

/** Reports the endpoints, the faults and the certificates. */
export function announce(
  endpoints: Endpoints,
  { log, faults, quiet }: {
    readonly log: Log;
    readonly faults: FaultPlan | undefined;
    readonly quiet: boolean;
  },
): void {
  for (const { name: endpoint, address, listener } of endpoints) {
    log.emit({ event: listener ? "listening" : "disabled", endpoint, address });
  }
  if (faults && faults.texts.length > 0) {
    log.emit({ event: "faults", seed: faults.seed, faults: faults.texts });
  }
  for (const endpoint of endpoints) announceCertificate(endpoint, { log, quiet });
}

function announceCertificate(
  { name: endpoint, address, listener }: Endpoint,
  { log, quiet }: { readonly log: Log; readonly quiet: boolean },
): void {
  const { certificate } = listener ?? {};
  // A generated certificate is printed even with --quiet: its fingerprint is needed to trust it.
  if (!certificate || (quiet && !certificate.generated)) return;
  const { generated, subject, names, fingerprint, validTo } = certificate;
  const until = new Date(validTo).toISOString().slice(0, 10);
  const fields = { endpoint, address, generated, subject, names, fingerprint, until };
  log.emit({ event: "certificate", ...fields });
}
