/** What cannot be read of a packet. */

/** What is wrong with a packet, as it follows the number of those: `encrypted by Wi-Fi`. */
export class UnreadableError extends Error {}

/** What is wrong with a packet whose header says what cannot be. */
export const WRONG_LENGTH = "with a wrong length in the headers";

/**
 * Refuses a packet of something that may carry IP.
 *
 * @throws {UnreadableError}
 */
export function notUnderstood(what: string): never {
  throw new UnreadableError(`of ${what}, which is not understood`);
}
