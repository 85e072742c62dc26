/** Completion in zsh. */
import type { CompletedCommand, CompletedOption, Completion } from "../completion.ts";

/** The script, for a folder of `$fpath` as `_netecho`, or for `source`. */
export const zsh: Completion = { name: "zsh", render };

function render(commands: readonly CompletedCommand[]): string {
  return `#compdef netecho
# Completion of netecho in zsh: netecho completions zsh >"\${fpath[1]}/_netecho"
_netecho() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join("\n")}
  )
  if ((CURRENT == 2)); then
    _describe -t commands subcommand commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}
if [ "$funcstack[1]" = _netecho ]; then
  _netecho "$@"
else
  compdef _netecho netecho
fi
`;
}

function commandCase({ name, options, words, files }: CompletedCommand): string {
  const specs = options.map(spec);
  if (words.length > 0) specs.push(quote(`*:argument:(${words.join(" ")})`));
  if (files) specs.push("'*:file:_files'");
  return `    ${name})
      _arguments -S${specs.map((spec) => ` \\\n        ${spec}`).join("")}
      ;;`;
}

// The form of _arguments (zshcompsys(1)): (exclusive)name[explanation]:message:action.
function spec({ name, short, summary, value }: CompletedOption): string {
  const explained = `[${summary.replace(/[[\]\\:]/g, "\\$&")}]${action(value)}`;
  // With = or a space before its value.
  const join = value === "none" ? "" : "=";
  if (!short) return quote(`*${name}${join}${explained}`);
  return `${quote(`(${short} ${name})`)}{${short},${name}${join}}${quote(explained)}`;
}

function action(value: CompletedOption["value"]): string {
  if (value === "none") return "";
  if (value === "any") return ":value: ";
  return value === "file" ? ":file:_files" : `:value:(${(value as readonly string[]).join(" ")})`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
