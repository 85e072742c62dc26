/// <reference lib="dom" />
/** Light or dark, as the system has it or as it was chosen. */

const KEY = "netecho-theme";
const THEMES = ["auto", "light", "dark"] as const;

/** What may be chosen. */
export type Theme = (typeof THEMES)[number];

/** What was chosen the last time. */
export function savedTheme(): Theme {
  const saved = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === saved) ?? "auto";
}

/** Has the page be light, dark, or as the system is. */
export function applyTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  document.documentElement.style.colorScheme = theme === "auto" ? "" : theme;
}

/** The theme that a click chooses. */
export function nextTheme(theme: Theme): Theme {
  return THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
}

/** A colour of the style sheet, as a canvas needs it. */
export function paint(name: string, element: HTMLElement): string {
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = "";
  return color;
}
