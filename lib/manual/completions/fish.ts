/** Completion in fish. */
import type { CompletedCommand, CompletedOption, Completion } from "../completion.ts";

/** The script, for `netecho completions fish | source`. */
export const fish: Completion = { name: "fish", render };

function render(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap((command) => [
    `complete -c netecho -n __fish_use_subcommand -a ${command.name} -d ${quote(command.summary)}`,
    ...command.options.map((option) => optionLine(command, option)),
    ...(command.words.length > 0
      ? [`complete -c netecho -n ${seen(command)} -a ${quote(command.words.join(" "))}`]
      : []),
    ...(command.files ? [`complete -c netecho -n ${seen(command)} -F`] : []),
  ]);
  return `# Completion of netecho in fish: netecho completions fish | source
complete -c netecho -f
complete -c netecho -n __fish_use_subcommand -l help -d 'print the subcommands'
complete -c netecho -n __fish_use_subcommand -l version -d 'print the version'
${lines.join("\n")}
`;
}

function optionLine(command: CompletedCommand, { name, short, summary, value }: CompletedOption) {
  const parts = [`complete -c netecho -n ${seen(command)} -l ${name.slice(2)}`];
  if (short) parts.push(`-s ${short.slice(1)}`);
  parts.push(`-d ${quote(summary)}`, ...action(value));
  return parts.join(" ");
}

function action(value: CompletedOption["value"]): string[] {
  if (value === "none") return [];
  if (value === "any") return ["-x"];
  return value === "file"
    ? ["-r -F"]
    : ["-x", `-a ${quote((value as readonly string[]).join(" "))}`];
}

function seen({ name }: CompletedCommand): string {
  return quote(`__fish_seen_subcommand_from ${name}`);
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
