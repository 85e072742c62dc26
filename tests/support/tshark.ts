/** What tshark makes of the streams of a capture. */
import { concat } from "@std/bytes/concat";
import { runProgram } from "./programs.ts";

/** What each end of a stream said, by its `HOST:PORT`. */
export type Followed = ReadonlyMap<string, Uint8Array>;

/** Follows a stream; undefined where the capture has none of that number. */
export async function follow(
  file: string,
  { protocol, stream }: { readonly protocol: "tcp" | "udp"; readonly stream: number },
): Promise<Followed | undefined> {
  const args = ["-r", file, "-q", "-z", `follow,${protocol},raw,${stream}`];
  const { text } = await runProgram(["tshark", args]);
  const [, one] = /^Node 0: (.*)$/m.exec(text) ?? [];
  const [, other] = /^Node 1: (.*)$/m.exec(text) ?? [];
  if (!one || !other || one === ":0") return undefined;
  const said: [Uint8Array[], Uint8Array[]] = [[], []];
  for (const [, tab, hex] of text.matchAll(/^(\t?)([\da-f]+)$/gm)) {
    said[tab ? 1 : 0].push(Uint8Array.fromHex(hex!));
  }
  return new Map([[one, concat(said[0])], [other, concat(said[1])]]);
}
