// Listens to the keyboard for a page and hands on what the table of actions makes of it.
import { useEffect, useRef } from "react";
import { type Page, type Pressed, pressed } from "../model/actions";

type Handler<P extends Page> = (press: NonNullable<Pressed<P>>, event: KeyboardEvent) => void;

/** Keys typed into a field, into an open dialog, or meant for the focused control stay theirs. */
export function useKeys<P extends Page>(page: P, classes: ReadonlyMap<number, string>, handle: Handler<P>): void {
  const latest = useRef({ classes, handle });
  useEffect(() => {
    latest.current = { classes, handle };
  });
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
      if (belongsToControl(event)) return;
      const press = pressed(page, event, latest.current.classes);
      if (press) {
        event.preventDefault();
        latest.current.handle(press, event);
      }
    };
    window.addEventListener("keydown", down);
    return () => window.removeEventListener("keydown", down);
  }, [page]);
}

function belongsToControl(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return false;
  if (target.closest("[role=menu]")) return true; // letters find an entry there
  const field = target.closest("input, textarea, select, [contenteditable=true]");
  if (field instanceof HTMLInputElement && field.type === "range") {
    // A slider uses the keys that move it; digits and letters are free.
    return /^(Arrow|Page|Home|End)/.test(event.key);
  }
  if (field) return true;
  return (event.key === "Enter" || event.key === " ") && target.closest("a, button, summary, [role=tab]") !== null;
}
