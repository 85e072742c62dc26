/**
 * Compares what is read of captures with what tshark follows, stream by stream:
 * `deno task corpus FOLDER`.
 */
import { concat } from "@std/bytes/concat";
import { readRecordings, type Recording, saidBy } from "../../lib/capture/recording.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { follow } from "../support/tshark.ts";

const MAX_STREAMS = 50; // of each protocol and file

const print = (line: string) => Deno.stdout.write(new TextEncoder().encode(`${line}\n`));

const counts = { same: 0, incomplete: 0, different: 0, unread: 0 };

async function compareFile(path: string): Promise<void> {
  let all: Recording[];
  try {
    all = [...(await readRecordings({ path, bytes: await Deno.readFile(path) })).recordings];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    counts.unread++;
    return void await print(`${path}: ${error.message}`);
  }
  for (const protocol of ["tcp", "udp"] as const) {
    const own = all.filter((one) => one.protocol === protocol);
    for (let stream = 0; stream < MAX_STREAMS; stream++) {
      const followed = await follow(path, { protocol, stream });
      if (!followed && stream >= own.length) break;
      await compareStream(`${path} ${protocol} ${stream}`, { followed, own: own[stream] });
    }
  }
}

async function compareStream(
  name: string,
  { followed, own }: {
    readonly followed: ReadonlyMap<string, Uint8Array> | undefined;
    readonly own: Recording | undefined;
  },
): Promise<void> {
  const differences = !followed || !own
    ? [followed ? "tshark alone has it" : "tshark has none"]
    : (["client", "server"] as const).flatMap((by) => {
      const [mine, theirs] = [concat(saidBy(by, own)), followed.get(own[by])];
      if (!theirs) return [`tshark has no ${own[by]}`];
      return mine.toHex() === theirs.toHex()
        ? []
        : [`${by} said ${mine.length} bytes, by tshark ${theirs.length}`];
    });
  const kind = differences.length === 0 ? "same" : own?.gaps ? "incomplete" : "different";
  counts[kind]++;
  if (kind === "different") await print(`${name}: ${differences.join("; ")}`);
}

const [folder] = Deno.args;
if (folder === undefined) {
  await print("The folder of the captures is needed");
  Deno.exit(2);
}
const paths = (await Array.fromAsync(Deno.readDir(folder))).filter(({ isFile }) => isFile)
  .map(({ name }) => `${folder}/${name}`).toSorted();
for (const path of paths) await compareFile(path);
const { same, incomplete, different, unread } = counts;
await print(
  `${same} streams are the same, ${incomplete} are said to be incomplete, ${different} differ; ` +
    `${unread} files are not read`,
);
if (different > 0) Deno.exit(1);
