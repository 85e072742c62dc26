/** The arguments of a command line: which option each stands for, and its value as text. */
import { UsageError } from "../core/errors.ts";
import { hintFor, isWord } from "./nc_hints.ts";
import { type Option, optionName } from "./options.ts";

interface DeclaredOption {
  readonly key: string;
  /** With its dashes. */
  readonly name: string;
  readonly short: string | undefined;
  readonly takesValue: boolean;
}

/** An option that was given, with its value as text. */
export interface GivenText {
  readonly key: string;
  readonly text: string;
}

/** The options that a command line gives, as text and by their long names, and its positionals. */
export async function readArgs(
  options: ReadonlyMap<string, Option<unknown>>,
  args: readonly string[],
): Promise<{ readonly texts: readonly GivenText[]; readonly positionals: readonly string[] }> {
  const { parseArgs } = await import("@std/cli/parse-args");
  const declared = [...options].map(([key, { short, placeholder }]) => ({
    key,
    name: optionName(key),
    short,
    takesValue: placeholder !== undefined,
  }));
  const names = declared.map(({ name }) => name.slice(2));
  const { texts, rest } = normalise(args, declared);
  // What is left to find are the positionals, among options that all have their values attached.
  const { _: positionals } = parseArgs(rest, { string: [...names, "_"], collect: names });
  // A flag that is taken back, as in --quiet=false, was not given.
  const last = new Map(texts.map(({ key, text }) => [key, text]));
  const flags = new Set(declared.filter(({ takesValue }) => !takesValue).map(({ key }) => key));
  return {
    texts: texts.filter(({ key }) => !flags.has(key) || last.get(key) !== "false"),
    positionals,
  };
}

// Every option by its long name and with its value attached: `-q` is `--quiet=true`.
function normalise(
  args: readonly string[],
  declared: readonly DeclaredOption[],
): { readonly texts: GivenText[]; readonly rest: string[] } {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const texts: GivenText[] = [];
  const rest: string[] = [];
  for (let at = 0; at < end; at++) {
    const arg = args[at]!;
    if (!/^-./s.test(arg)) {
      rest.push(arg);
      continue;
    }
    const attached = /=(.*)/s.exec(arg)?.[1];
    for (const { key, name, takesValue, glued } of optionsOf(arg, declared)) {
      let text = glued ?? attached;
      if (!takesValue) text = flagText(name, attached);
      // A value may be a negative number, for its reader to refuse, but not another option.
      else if (text === undefined && at + 1 < end && !/^-\D/.test(args[at + 1]!)) text = args[++at];
      texts.push({ key, text: text ?? "" });
      rest.push(`${name}=${text ?? ""}`);
    }
  }
  return { texts, rest: [...rest, ...args.slice(end)] };
}

interface GivenOption extends DeclaredOption {
  /** The value that follows its letter in the same argument, as in `-c3`. */
  readonly glued?: string;
}

// The options that an argument stands for: one by its long name, or several by their letters.
function optionsOf(arg: string, declared: readonly DeclaredOption[]): readonly GivenOption[] {
  const given = arg.replace(/=.*/s, "");
  const found = declared.find(({ name }) => name === given);
  if (found) return [found];
  const names = declared.map(({ name }) => name);
  const isForeign = isWord(given);
  if (!isForeign && !names.includes(`-${given}`)) return lettersOf(arg, declared);
  const hint = isForeign ? hintFor(given, knownOf(declared)) : undefined;
  if (hint) throw new UsageError(`Unknown option ${given}: ${hint}`);
  throw new UsageError(`Unknown option ${given}`, {
    isOption: true,
    given: given.replace(/^-+/, "--"),
    among: names,
  });
}

function lettersOf(arg: string, declared: readonly DeclaredOption[]): readonly GivenOption[] {
  const find = (letter: string) => declared.find(({ short }) => short === letter);
  const found: GivenOption[] = [];
  for (let at = 1; at < arg.length && arg[at] !== "="; at++) {
    const option = find(arg[at]!);
    if (!option) {
      const hint = hintFor(arg, knownOf(declared));
      throw new UsageError(`Unknown option ${arg.replace(/=.*/s, "")}${hint ? `: ${hint}` : ""}`);
    }
    const rest = arg.slice(at + 1);
    if (option.takesValue && rest !== "" && !rest.startsWith("=")) {
      return [...found, { ...option, glued: rest }];
    }
    found.push(option);
  }
  if (found.length > 0) return found;
  throw new UsageError(`Unknown option ${arg}`);
}

function knownOf(declared: readonly DeclaredOption[]): string[] {
  return declared.flatMap(({ name, short }) => short ? [name, `-${short}`] : [name]);
}

function flagText(name: string, value: string | undefined): string {
  if (value === undefined || value === "true" || value === "false") return value ?? "true";
  throw new UsageError(`Option ${name} is a flag and takes no value, not "${value}"`);
}
