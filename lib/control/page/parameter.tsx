/// <reference lib="dom" />
/** A field for an option or a parameter: words to choose from, a slider, a text. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { OptionJson } from "../v1/catalog.ts";
import { hasSlider, lastPlace, placeOf, valueAt } from "./scale.ts";

/** What a field shows, and whom it tells. */
export interface ParameterProps {
  readonly option: OptionJson;
  /** Of what it is a parameter, so that fields are told apart. */
  readonly owner: string;
  /** As the command line writes it; several with line ends between; empty where it is not given. */
  readonly value: string;
  /** Whether its summary stands below it, and not only where one points at it. */
  readonly described?: boolean;
  /** Called when it rests at another value; empty means the default. */
  readonly onChange: (value: string) => void;
  /** Called when it has its old value again. */
  readonly onSame?: () => void;
}

/** A field, with its label. */
export function Parameter(
  { option, owner, value, described = false, onChange, onSame }: ParameterProps,
): JSX.Element {
  const { name, summary, placeholder = "true", words } = option;
  const [text, setText] = useState(value);
  const isEdited = useRef(false); // what somebody is writing stays, whatever others change
  useEffect(() => {
    if (!isEdited.current) setText(value);
  }, [value]);
  const id = `${owner}-${name}`;
  const edit = (next: string) => {
    isEdited.current = true;
    setText(next);
  };
  const send = (next: string) => {
    isEdited.current = false;
    setText(next);
    if (next === value) onSame?.();
    else onChange(next);
  };
  const choices = words ?? (option.placeholder === undefined ? ["true"] : undefined);
  return (
    <div class="parameter" title={summary}>
      <label for={id}>{name}</label>
      {choices
        ? (
          <select
            id={id}
            value={text === option.default ? "" : text}
            onChange={({ currentTarget }) => send(currentTarget.value)}
          >
            <option value="">{option.default ?? (words ? "–" : "no")}</option>
            {choices.filter((word) => word !== option.default).map((word) => (
              <option key={word} value={word}>{word === "true" && !words ? "yes" : word}</option>
            ))}
          </select>
        )
        : (
          <>
            {hasSlider(placeholder) && (
              <input
                type="range"
                min={0}
                max={lastPlace(placeholder)}
                aria-label={`${name}, slider`}
                aria-valuetext={text || option.default || "not given"}
                value={placeOf(text || (option.default ?? ""), placeholder)}
                onInput={({ currentTarget }) =>
                  edit(valueAt(Number(currentTarget.value), placeholder))}
                onChange={({ currentTarget }) =>
                  send(valueAt(Number(currentTarget.value), placeholder))}
              />
            )}
            <TextField
              {...{ id, option, text }}
              onText={edit}
              onSend={send}
              onCancel={() => send(value)}
              onDone={() => isEdited.current = false}
            />
          </>
        )}
      {described && <small class="hint">{summary}</small>}
    </div>
  );
}

function TextField(
  { id, option, text, onText, onSend, onCancel, onDone }: {
    readonly id: string;
    readonly option: OptionJson;
    readonly text: string;
    readonly onText: (text: string) => void;
    readonly onSend: (text: string) => void;
    readonly onCancel: () => void;
    readonly onDone: () => void;
  },
): JSX.Element {
  const hint = option.default ?? option.placeholder;
  if (option.repeatable) {
    return (
      <textarea
        id={id}
        rows={Math.max(1, text.split("\n").length)}
        placeholder={`${hint}; one a line`}
        spellcheck={false}
        value={text}
        onInput={({ currentTarget }) => onText(currentTarget.value)}
        onChange={({ currentTarget }) => onSend(currentTarget.value.trim())}
        onBlur={onDone}
      />
    );
  }
  return (
    <input
      id={id}
      type="text"
      placeholder={hint}
      spellcheck={false}
      autocomplete="off"
      value={text}
      onInput={({ currentTarget }) => onText(currentTarget.value)}
      onChange={({ currentTarget }) => onSend(currentTarget.value.trim())}
      onBlur={onDone}
      onKeyDown={({ key }) => key === "Escape" && onCancel()}
    />
  );
}
