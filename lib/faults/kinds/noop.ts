/** Noop: nothing, for those who switch a fault off by its kind. */
import { defineFault } from "../fault.ts";

/** The noop fault. */
export const noop = defineFault({
  name: "noop",
  summary: "let everything through as it is",
  example: "noop",
  options: {},
  create: () => ({ chunk: (bytes, emit) => emit(bytes) }),
});
