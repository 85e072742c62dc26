/** The C library, for what the runtime has no call for. Linux with glibc only. */
import { mayCall } from "../../core/runtime.ts";

const LIBRARY = "libc.so.6";
const FUNCTIONS = {
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  usleep: { parameters: ["u32"], result: "i32", nonblocking: true },
} as const;

/** The functions of the C library. */
export type LibC = Deno.DynamicLibrary<typeof FUNCTIONS>["symbols"];

let library: { readonly symbols: LibC | undefined } | undefined;

/**
 * The C library; undefined where there is none, or where Deno was not given the permission. It is
 * loaded when it is first asked for, and stays.
 */
export function libc(): LibC | undefined {
  library ??= { symbols: open() };
  return library.symbols;
}

/** The same; undefined also where the permission would have to be asked for. */
export function libcWithoutAsking(): LibC | undefined {
  return mayCall(LIBRARY) ? libc() : undefined;
}

/** The same, if it has been asked for before. */
export function loadedLibc(): LibC | undefined {
  return library?.symbols;
}

function open(): LibC | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return Deno.dlopen(LIBRARY, FUNCTIONS).symbols;
  } catch {
    return undefined; // no permission, or no glibc
  }
}
