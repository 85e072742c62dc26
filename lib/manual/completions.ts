/** The shells that command lines are completed in. */
import type { Completion } from "./completion.ts";
import { bash } from "./completions/bash.ts";
import { fish } from "./completions/fish.ts";
import { zsh } from "./completions/zsh.ts";

/** Every completion, by its shell. */
export const completions: readonly Completion[] = [bash, zsh, fish];
