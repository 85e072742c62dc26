/// <reference lib="dom" />
/** What components share: following the store, the place, and actions that may fail. */
import { useEffect, useRef, useState } from "preact/hooks";
import { type Place, readPlace, writePlace } from "./place.ts";
import type { Store } from "./store.ts";

const REDRAW_MS = 200; // a person does not read faster

/** Draws the component again when the store has changed, at most five times a second. */
export function useStore(store: Store, { paused }: { readonly paused: boolean }): void {
  const [, redraw] = useState(0);
  useEffect(() => {
    if (paused) return;
    let timer: number | undefined;
    const draw = () => {
      requestAnimationFrame(() => {
        timer = undefined; // a page that is not seen has no frames, and waits for one
        redraw((count) => count + 1);
      });
    };
    const unsubscribe = store.subscribe(() => {
      timer ??= setTimeout(draw, REDRAW_MS) as unknown as number;
    });
    draw();
    return () => {
      unsubscribe();
      clearTimeout(timer);
    };
  }, [store, paused]);
}

/** What is chosen, as the address bar says it. */
export function usePlace(): Place {
  const [place, setPlace] = useState(() => readPlace(location.hash));
  useEffect(() => {
    const read = () => setPlace(readPlace(location.hash));
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  return place;
}

/** Chooses something else; going back in the browser undoes it. */
export function goTo(place: Place): void {
  location.hash = writePlace(place);
}

/** Gives the focus to an element, so that it is not lost with the one that goes. */
export function focusOn(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

/** Runs what may fail, and tells why the last of it did; the text is empty where it did not. */
export function useAction(): readonly [
  error: string,
  run: (action: () => Promise<unknown>) => Promise<boolean>,
  clear: () => void,
] {
  const [error, setError] = useState("");
  const started = useRef(0);
  const run = async (action: () => Promise<unknown>) => {
    const number = ++started.current;
    const say = (error: string) => number === started.current && setError(error);
    try {
      await action();
      say("");
      return true;
    } catch (error) {
      say((error as Error).message);
      return false;
    }
  };
  return [error, run, () => setError("")];
}

/** Whether a media query holds. */
export function useMedia(query: string): boolean {
  const [holds, setHolds] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const look = () => setHolds(media.matches);
    media.addEventListener("change", look);
    return () => media.removeEventListener("change", look);
  }, [query]);
  return holds;
}

/** Whether the page is seen: a browser has few connections to a server for all of its tabs. */
export function useVisible(): boolean {
  const [isVisible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const look = () => setVisible(!document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return isVisible;
}

/** Calls `work` every so many milliseconds while the page is seen. */
export function useInterval(work: () => void, milliseconds: number): void {
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => {
    const timer = setInterval(() => document.hidden || latest.current(), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
}
