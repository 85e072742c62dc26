/** Tests that need something: each is skipped with its reason in its name. */
import { fileURLToPath } from "node:url";
import { hasNodeNetworking } from "../../lib/core/runtime.ts";
import { MAY_USE_FFI, netechoCommand, runProgram } from "./programs.ts";

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
): { name: string; ignore: boolean } {
  const lacking = programs.filter((program) => !has(program));
  if (lacking.length === 0) return { name, ignore: false };
  return { name: `${name} (skipped: no ${lacking.join(", ")} here)`, ignore: true };
}

/** The same for a test that needs a file of the system besides. */
export function needingFile(
  path: string,
  name: string,
  programs: readonly string[] = [],
): { name: string; ignore: boolean } {
  const needs = needing(programs, name);
  if (needs.ignore) return needs;
  try {
    Deno.statSync(path);
    return needs;
  } catch {
    return { name: `${name} (skipped: no ${path} here)`, ignore: true };
  }
}

/** The same for a test that looks into /proc or uses programs as they are on Linux. */
export function onLinux(
  name: string,
  programs: readonly string[] = [],
): { name: string; ignore: boolean } {
  if (Deno.build.os === "linux") return needing(programs, name);
  return { name: `${name} (skipped: needs Linux)`, ignore: true };
}

/** The same for a test of what netecho does by functions of the system, which it may be denied. */
export function withSystemCalls(
  name: string,
  programs: readonly string[] = [],
): { name: string; ignore: boolean } {
  if (MAY_USE_FFI || Deno.build.os !== "linux") return onLinux(name, programs);
  return { name: `${name} (skipped: FFI is denied)`, ignore: true };
}

/** The same for a test that needs all of these. */
export function allOf(
  ...needs: readonly { name: string; ignore: boolean }[]
): { name: string; ignore: boolean } {
  return needs.find(({ ignore }) => ignore) ?? needs[0]!;
}

/** The same for a test that uses [::1]. */
export function withIPv6(name: string): { name: string; ignore: boolean } {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return { name, ignore: false };
  } catch {
    return { name: `${name} (skipped: no IPv6 here)`, ignore: true };
  }
}

/** The same for a test of what node:net and node:tls do, which not every runtime does right. */
export async function withNodeNetworking(
  name: string,
  programs: readonly string[] = [],
): Promise<{ name: string; ignore: boolean }> {
  const { text } = await runProgram(netechoCommand(["--version"]));
  const version = /Deno (\d+\.\d+)/.exec(text)?.[1] ?? "";
  if (hasNodeNetworking(version)) return needing(programs, name);
  return { name: `${name} (skipped: needs Deno 2.9, this is ${version})`, ignore: true };
}

/** The same for a test over Unix sockets; others of `transport` are not skipped. */
export function withTransport(
  transport: string,
  name: string,
): { name: string; ignore: boolean } {
  const ignore = transport === "unix" && Deno.build.os === "windows";
  return { name: ignore ? `${name} (skipped: no Unix sockets on Windows)` : name, ignore };
}

/**
 * The same for what Wine gets wrong by itself. Of writes of 512 KiB it now and then loses some, also of
 * those of a program that is not netecho.
 */
export function withoutWine(
  name: string,
  why = "Wine loses bytes of long writes",
): { name: string; ignore: boolean } {
  const ignore = Deno.build.os === "windows" && Deno.env.has("WINEPREFIX");
  return { name: ignore ? `${name} (skipped: ${why})` : name, ignore };
}

/** The same for a test that bundles scripts, for which Deno fetches esbuild for the system. */
export function withBundler(name: string): { name: string; ignore: boolean } {
  if (Deno.build.os !== "windows") return { name, ignore: false };
  const { success } = new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", fileURLToPath(import.meta.url)],
    stdout: "null",
    stderr: "null",
  }).outputSync();
  return success
    ? { name, ignore: false }
    : { name: `${name} (skipped: no bundler here)`, ignore: true };
}

/** The same for a test that asks a program to stop, which Windows has no signal for. */
export function withSignals(name: string): { name: string; ignore: boolean } {
  const ignore = Deno.build.os === "windows";
  return { name: ignore ? `${name} (skipped: no signals on Windows)` : name, ignore };
}

/** The same for a test that sends one signal, which its program must not have been told to ignore. */
export function withSignal(signal: Deno.Signal, name: string): { name: string; ignore: boolean } {
  if (signal !== "SIGHUP") return withSignals(name);
  if (Deno.build.os !== "linux") {
    return { name: `${name} (skipped: SIGHUP is handled on Linux alone)`, ignore: true };
  }
  if (Deno.env.has("NETECHO_BIN") || !MAY_USE_FFI) {
    return { name: `${name} (skipped: the binary may not read what it ignores)`, ignore: true };
  }
  const [, ignored] = /^SigIgn:\s*([\da-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status"))!;
  const ignore = (BigInt(`0x${ignored}`) & 1n) === 1n;
  return { name: ignore ? `${name} (skipped: started by nohup)` : name, ignore };
}

/** The same for a test that makes a network namespace of its own, with `unshare -rn`. */
export function needingNamespace(name: string): { name: string; ignore: boolean } {
  const needs = onLinux(name, ["unshare", "ip"]);
  if (needs.ignore) return needs;
  const { success } = new Deno.Command("unshare", {
    args: ["-rn", "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"],
    stderr: "null",
  }).outputSync();
  return success ? needs : { name: `${name} (skipped: no network namespaces here)`, ignore: true };
}

/** The same for a test that sees the system send segments again, which {@linkcode lossRules} lose. */
export function withPacketLoss(name: string): { name: string; ignore: boolean } {
  const needs = needingNamespace(name);
  const lacking = withSystemCalls(name, ["nft"]);
  if (needs.ignore || lacking.ignore) return allOf(needs, lacking);
  const { success } = new Deno.Command("unshare", {
    args: ["-rn", "bash", "-c", lossRules({ port: 9, oneOf: 4 }).join(" && ")],
    stderr: "null",
  }).outputSync();
  return success ? needs : { name: `${name} (skipped: nft cannot drop here)`, ignore: true };
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
