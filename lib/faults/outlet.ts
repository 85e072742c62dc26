/** What chunks pass on to on their way through a connection. */

/** How a direction of a connection ends. */
export interface Ending {
  /** What reading failed with: a reset; without it, a normal end. */
  readonly error?: unknown;
}

/** Takes chunks and then an ending, in order, without making its caller wait. */
export interface Outlet {
  /** Whether it has no room for more; `onRoom` is called when that changes. */
  readonly full: boolean;
  onRoom: () => void;
  push(chunk: Uint8Array): void;
  end(ending?: Ending): void;
  /** Drops what waits: the connection is over. */
  close(): void;
}
