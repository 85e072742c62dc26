/** The platforms that netecho is built for: those of the pinned Deno. */

/** A platform. */
export interface Target {
  /** As `deno compile --target` names it. */
  readonly triple: string;
  /** As the names of archives do: `linux-x86_64`. */
  readonly platform: string;
  /** The GitHub runner on which it is compiled, and tested. */
  readonly runner: string;
}

/** Every platform. */
export const targets: readonly Target[] = [
  { triple: "x86_64-unknown-linux-gnu", platform: "linux-x86_64", runner: "ubuntu-24.04" },
  { triple: "aarch64-unknown-linux-gnu", platform: "linux-aarch64", runner: "ubuntu-24.04-arm" },
  { triple: "x86_64-apple-darwin", platform: "macos-x86_64", runner: "macos-15-intel" },
  { triple: "aarch64-apple-darwin", platform: "macos-aarch64", runner: "macos-15" },
  { triple: "x86_64-pc-windows-msvc", platform: "windows-x86_64", runner: "windows-2025" },
  { triple: "aarch64-pc-windows-msvc", platform: "windows-aarch64", runner: "windows-11-arm" },
];

/** The name of the binary there. */
export function binaryName({ triple }: Pick<Target, "triple">): string {
  return triple.includes("windows") ? "netecho.exe" : "netecho";
}
