/** Breaking a TCP connection, so that its peer gets RST. */
import { type Ends, isInet } from "../address.ts";

/**
 * Breaks a connection where the system can (Linux), and does nothing elsewhere. The runtime itself
 * shuts a socket down before it closes it, which the peer sees as an end of input.
 */
export async function breakOff({ local, remote }: Ends): Promise<void> {
  if (!isInet(local) || !isInet(remote)) return;
  const { Descriptors } = await import("./descriptors.ts");
  using system = Descriptors.open();
  system?.reset({ local, remote });
}
