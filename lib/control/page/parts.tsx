/// <reference lib="dom" />
/** Small parts: names, switches, errors, dialogs. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { formatByteRate } from "../../core/units.ts";
import { printableText } from "../../terminal/sanitize.ts";
import type { Rates } from "./store.ts";

/** A name that somebody else has chosen, so that nothing in it acts on the page. */
export function Name({ children }: { readonly children: string }): JSX.Element {
  const text = printableText(children);
  return <bdi class="name" title={text}>{text}</bdi>;
}

/** Bytes a second in both directions. */
export function BothRates({ rates }: { readonly rates: Rates }): JSX.Element {
  return (
    <>
      <span class="in">
        <b>{formatByteRate(rates.received)}</b> in
      </span>
      <span class="out">
        <b>{formatByteRate(rates.sent)}</b> out
      </span>
    </>
  );
}

/** Something that is on or off. */
export function Switch(
  { on, label, onChange }: {
    readonly on: boolean;
    readonly label: string;
    readonly onChange: (on: boolean) => void;
  },
): JSX.Element {
  return (
    <button
      type="button"
      role="switch"
      class="switch"
      aria-checked={on}
      aria-label={printableText(label)}
      onClick={() => onChange(!on)}
    >
      <span aria-hidden="true">{on ? "on" : "off"}</span>
    </button>
  );
}

/** Why something did not work; nothing while it does. */
export function ErrorText({ children }: { readonly children: string }): JSX.Element {
  return <p role="alert" class="error">{printableText(children)}</p>;
}

/** A dialog over the page, which Escape closes. */
export function Dialog(
  { title, onClose, children }: {
    readonly title: string;
    readonly onClose: () => void;
    readonly children: ComponentChildren;
  },
): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="dialog-title">
      <div class="bar">
        <h2 id="dialog-title">{printableText(title)}</h2>
        <button type="button" class="quiet" onClick={() => dialog.current?.close()}>close</button>
      </div>
      {children}
    </dialog>
  );
}

/** A text to be copied. */
export function Copyable(
  { label, text }: { readonly label: string; readonly text: string },
): JSX.Element {
  const area = useRef<HTMLTextAreaElement>(null);
  const copy = async () => {
    area.current?.select();
    // Where the page did not come over a secure way, there is no clipboard but by the keyboard.
    await navigator.clipboard?.writeText(text).catch(() => {});
  };
  return (
    <div class="copyable">
      <div class="bar">
        <label for={`copy-${label}`}>{label}</label>
        <button type="button" onClick={copy} aria-label={`Copy ${label}`}>copy</button>
      </div>
      <textarea
        id={`copy-${label}`}
        ref={area}
        readonly
        spellcheck={false}
        rows={Math.min(12, text.split("\n").length + 1)}
        value={text}
      />
    </div>
  );
}
