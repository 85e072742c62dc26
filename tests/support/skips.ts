/** Tests that need something: each is skipped with its reason in its name. */
import { fileURLToPath } from "node:url";
import { hasNodeNetworking } from "../../lib/core/runtime.ts";
import { MAY_USE_FFI, netechoCommand, runProgram } from "./programs.ts";

/** The name of a test, and whether it is skipped. */
export interface Need {
  readonly name: string;
  readonly ignore: boolean;
}

function runs(name: string): Need {
  return { name, ignore: false };
}

function skipped(name: string, why: string): Need {
  return { name: `${name} (skipped: ${why})`, ignore: true };
}

/** Whether this is Deno for Windows under Wine, which is slow and has faults of its own. */
export const UNDER_WINE = Deno.build.os === "windows" && Deno.env.has("WINEPREFIX");

/** Whether a program is on the PATH. */
export function has(program: string): boolean {
  const paths = (Deno.env.get("PATH") ?? "").split(Deno.build.os === "windows" ? ";" : ":");
  return paths.some((path) => {
    try {
      return Deno.statSync(`${path}/${program}`).isFile;
    } catch {
      return false;
    }
  });
}

/** The name of a test and whether it runs; what it lacks stands in its name. */
export function needing(
  programs: readonly string[],
  name: string,
): Need {
  const lacking = programs.filter((program) => !has(program));
  if (lacking.length === 0) return runs(name);
  return skipped(name, `no ${lacking.join(", ")} here`);
}

/** The same for a test that needs a file of the system besides. */
export function needingFile(
  path: string,
  name: string,
  programs: readonly string[] = [],
): Need {
  const needs = needing(programs, name);
  if (needs.ignore) return needs;
  try {
    Deno.statSync(path);
    return needs;
  } catch {
    return skipped(name, `no ${path} here`);
  }
}

/** The same for a test that looks into /proc or uses programs as they are on Linux. */
export function onLinux(
  name: string,
  programs: readonly string[] = [],
): Need {
  if (Deno.build.os === "linux") return needing(programs, name);
  return skipped(name, "needs Linux");
}

/** The same for a test of what netecho does by functions of the system, which it may be denied. */
export function withSystemCalls(
  name: string,
  programs: readonly string[] = [],
): Need {
  if (MAY_USE_FFI || Deno.build.os !== "linux") return onLinux(name, programs);
  return skipped(name, "FFI is denied");
}

/** The same for a test that needs all of these. */
export function allOf(
  ...needs: readonly Need[]
): Need {
  return needs.find(({ ignore }) => ignore) ?? needs[0]!;
}

/** The same for a test that uses [::1]. */
export function withIPv6(name: string): Need {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return runs(name);
  } catch {
    return skipped(name, "no IPv6 here");
  }
}

/** The same for a test of what node:net and node:tls do, which not every runtime does right. */
export async function withNodeNetworking(
  name: string,
  programs: readonly string[] = [],
): Promise<Need> {
  const { text } = await runProgram(netechoCommand(["--version"]));
  const version = /Deno (\d+\.\d+)/.exec(text)?.[1] ?? "";
  if (hasNodeNetworking(version)) return needing(programs, name);
  return skipped(name, `needs Deno 2.9, this is ${version}`);
}

/** The same for a test over Unix sockets; others of `transport` are not skipped. */
export function withTransport(
  transport: string,
  name: string,
): Need {
  const can = transport !== "unix" || Deno.build.os !== "windows";
  return can ? runs(name) : skipped(name, "no Unix sockets on Windows");
}

/**
 * The same for what Wine gets wrong by itself. Of writes of 512 KiB it now and then loses some, also of
 * those of a program that is not netecho.
 */
export function withoutWine(
  name: string,
  why = "Wine loses bytes of long writes",
): Need {
  return UNDER_WINE ? skipped(name, why) : runs(name);
}

/** The same for a test that bundles scripts, for which Deno fetches esbuild for the system. */
export function withBundler(name: string): Need {
  if (Deno.build.os !== "windows") return runs(name);
  const { success } = new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", fileURLToPath(import.meta.url)],
    stdout: "null",
    stderr: "null",
  }).outputSync();
  return success ? runs(name) : skipped(name, "no bundler here");
}

/** The same for a test that asks a program to stop, which Windows has no signal for. */
export function withSignals(name: string): Need {
  return Deno.build.os === "windows" ? skipped(name, "no signals on Windows") : runs(name);
}

/** The same for a test that sends one signal, which its program must not have been told to ignore. */
export function withSignal(signal: Deno.Signal, name: string): Need {
  if (signal !== "SIGHUP") return withSignals(name);
  if (Deno.build.os !== "linux") {
    return skipped(name, "SIGHUP is handled on Linux alone");
  }
  if (Deno.env.has("NETECHO_BIN") || !MAY_USE_FFI) {
    return skipped(name, "the binary may not read what it ignores");
  }
  const [, ignored] = /^SigIgn:\s*([\da-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status"))!;
  const isIgnored = (BigInt(`0x${ignored}`) & 1n) === 1n;
  return isIgnored ? skipped(name, "started by nohup") : runs(name);
}

/** The same for a test that captures what the loopback interface carries. */
export function withDumpcap(name: string, programs: readonly string[] = []): Need {
  const needs = onLinux(name, ["dumpcap", ...programs]);
  if (needs.ignore) return needs;
  const { success } = new Deno.Command("dumpcap", {
    args: ["-d", "-i", "lo"],
    stdout: "null",
    stderr: "null",
  }).outputSync();
  return success ? needs : skipped(name, "dumpcap may not capture here");
}

/** The same for a test that makes a network namespace of its own, with `unshare -rn`. */
export function needingNamespace(name: string): Need {
  const needs = onLinux(name, ["unshare", "ip"]);
  if (needs.ignore) return needs;
  const { success } = new Deno.Command("unshare", {
    args: ["-rn", "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"],
    stderr: "null",
  }).outputSync();
  return success ? needs : skipped(name, "no network namespaces here");
}

/** The same for a test that sees the system send segments again, which {@linkcode lossRules} lose. */
export function withPacketLoss(name: string): Need {
  const needs = allOf(needingNamespace(name), withSystemCalls(name, ["nft"]));
  if (needs.ignore) return needs;
  const { success } = new Deno.Command("unshare", {
    args: ["-rn", "bash", "-c", lossRules({ port: 9, oneOf: 4 }).join(" && ")],
    stderr: "null",
  }).outputSync();
  return success ? needs : skipped(name, "nft cannot drop here");
}

/** Shell commands by which one of so many segments to a port of 127.0.0.1 is lost. */
export function lossRules(
  { port, oneOf }: { readonly port: number; readonly oneOf: number },
): string[] {
  return [
    "ip link set lo up",
    "nft add table ip t",
    "nft add chain ip t c '{ type filter hook input priority 0; }'",
    `nft add rule ip t c tcp dport ${port} numgen random mod ${oneOf} == 0 drop`,
  ];
}
