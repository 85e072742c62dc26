import { assertEquals } from "@std/assert";
import { painter, RED } from "../../../lib/terminal/colors.ts";

const terminal = { isTerminal: () => true };
const file = { isTerminal: () => false };
const RAW = "\x1b[31mx\x1b[0m";

/** Runs with these variables set, and the others that decide unset. */
function withEnvironment(variables: Record<string, string>, body: () => void): void {
  const names = ["FORCE_COLOR", "TERM"];
  const before = names.map((name) => [name, Deno.env.get(name)] as const);
  for (const name of names) Deno.env.delete(name);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    body();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

Deno.test("--color always and never overrule everything", () => {
  withEnvironment({ FORCE_COLOR: "1" }, () => {
    assertEquals(painter("never", terminal)(RED, "x"), "x");
  });
  assertEquals(painter("always", file)(RED, "x"), RAW);
});

Deno.test("FORCE_COLOR colours a file, and FORCE_COLOR=0 nothing", () => {
  withEnvironment({ FORCE_COLOR: "1" }, () => {
    assertEquals(painter("auto", file)(RED, "x"), RAW);
  });
  withEnvironment({ FORCE_COLOR: "0" }, () => {
    assertEquals(painter("auto", terminal)(RED, "x"), "x");
  });
});

Deno.test("by itself, a file is not coloured, nor a dumb terminal", () => {
  withEnvironment({}, () => assertEquals(painter("auto", file)(RED, "x"), "x"));
  withEnvironment({ TERM: "dumb" }, () => {
    assertEquals(painter("auto", terminal)(RED, "x"), "x");
  });
});
