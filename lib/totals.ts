/** What a server has done so far. */
export class Totals {
  /** Connections served, the open ones included. */
  connections = 0;
  open = 0;
  /** Connections closed unserved. */
  refused = 0;
  /** Chunks and bytes that came in, and bytes that went out. */
  chunks = 0;
  received = 0;
  sent = 0;
}
