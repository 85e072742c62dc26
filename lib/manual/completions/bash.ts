/** Completion in bash. */
import type { CompletedCommand, CompletedOption, Completion } from "../completion.ts";

const FILES = 'compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur"))';

/** The script, for `source <(netecho completions bash)`. */
export const bash: Completion = { name: "bash", render };

function render(commands: readonly CompletedCommand[]): string {
  const names = [...commands.map(({ name }) => name), "--help", "--version"];
  return `# Completion of netecho in bash: source <(netecho completions bash)
_netecho() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} words=
  COMPREPLY=()
  # An option and its value with = between them are three words.
  if [ "$cur" = = ]; then cur=; elif [ "$prev" = = ]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W "${names.join(" ")}" -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]} $prev" in
${commands.flatMap(valueCases).join("\n")}
  esac
  case "\${COMP_WORDS[1]}" in
${commands.map(commandCase).join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _netecho netecho
`;
}

function valueCases({ name, options }: CompletedCommand): string[] {
  const withValue = options.filter(({ value }) => value !== "none");
  return [...Map.groupBy(withValue, ({ value }) => action(value))].map(([action, options]) => {
    const patterns = options.flatMap(({ name, short }) => short ? [name, short] : [name]);
    return `    ${patterns.map((option) => `"${name} ${option}"`).join(" | ")})
      ${action}
      return
      ;;`;
  });
}

function action(value: CompletedOption["value"]): string {
  if (value === "any") return ":";
  if (value === "file") return FILES;
  return `COMPREPLY=($(compgen -W "${(value as readonly string[]).join(" ")}" -- "$cur"))`;
}

function commandCase({ name, options, words, files }: CompletedCommand): string {
  const all = [...options.map(({ name }) => name), ...words].join(" ");
  if (!files) return `    ${name}) words="${all}" ;;`;
  return `    ${name})
      words="${all}"
      case "$cur" in -*) ;; *) ${FILES}; return ;; esac
      ;;`;
}
