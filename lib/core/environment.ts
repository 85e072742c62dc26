/** Variables of the environment. */

/** One of them; a program that was not given the permission to read it does without. */
export function environment(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}
