// The one table of actions: it makes the keys work, fills the key sheet, and puts the keys on the buttons.

import type { components } from "../api/schema";

type Class = components["schemas"]["Class"];

export type Page = "annotate" | "validate" | "review" | "triage";

export interface Action {
  id: string;
  page: Page;
  keys: readonly string[];
  label: string;
  /** May be pressed on and on by holding the key down: moving, never deciding. */
  repeats?: true;
}

const TABLE = [
  { page: "annotate", id: "accept", keys: ["Enter", "a"], label: "Accept the suggestion, or submit the chosen class" },
  { page: "annotate", id: "reject", keys: ["x"], label: "Reject the suggestion and choose another class" },
  { page: "annotate", id: "skip", keys: ["Space"], label: "Skip, it comes back when nothing else is left" },
  { page: "annotate", id: "flag", keys: ["f"], label: "Flag for somebody to look at" },
  { page: "annotate", id: "undo", keys: ["Backspace", "Ctrl+z"], label: "Take the last decision back" },
  { page: "annotate", id: "previous", keys: ["d"], label: "Look at the previous decision again" },
  { page: "annotate", id: "search", keys: ["/"], label: "Search classes" },
  { page: "annotate", id: "addClass", keys: ["+"], label: "Add a class" },
  { page: "annotate", id: "guidelines", keys: ["g"], label: "Open or close the guidelines" },
  { page: "annotate", id: "zoom", keys: ["z"], label: "Zoom in, or fit to the window again" },
  { page: "annotate", id: "zoomIn", keys: ["PageUp"], label: "Zoom in a little", repeats: true },
  { page: "annotate", id: "zoomOut", keys: ["PageDown"], label: "Zoom out a little", repeats: true },
  { page: "annotate", id: "panLeft", keys: ["ArrowLeft"], label: "Move the zoomed image", repeats: true },
  { page: "annotate", id: "panRight", keys: ["ArrowRight"], label: "Move the zoomed image", repeats: true },
  { page: "annotate", id: "panUp", keys: ["ArrowUp"], label: "Move the zoomed image", repeats: true },
  { page: "annotate", id: "panDown", keys: ["ArrowDown"], label: "Move the zoomed image", repeats: true },
  { page: "annotate", id: "leave", keys: ["Escape"], label: "Back to the next item" },
  { page: "annotate", id: "help", keys: ["?"], label: "Show all keys" },

  { page: "validate", id: "confirm", keys: ["Enter"], label: "Confirm the page and bring the next" },
  { page: "validate", id: "mark", keys: ["x", "Space"], label: "Mark the item as wrong, or clear its mark" },
  { page: "validate", id: "large", keys: ["z"], label: "Show the item large" },
  { page: "validate", id: "undo", keys: ["Backspace", "Ctrl+z"], label: "Take the last page back" },
  { page: "validate", id: "left", keys: ["ArrowLeft"], label: "Move; with Shift, mark on the way", repeats: true },
  { page: "validate", id: "right", keys: ["ArrowRight"], label: "Move; with Shift, mark on the way", repeats: true },
  { page: "validate", id: "up", keys: ["ArrowUp"], label: "Move; with Shift, mark on the way", repeats: true },
  { page: "validate", id: "down", keys: ["ArrowDown"], label: "Move; with Shift, mark on the way", repeats: true },
  { page: "validate", id: "first", keys: ["Home"], label: "First item of the page" },
  { page: "validate", id: "last", keys: ["End"], label: "Last item of the page" },
  { page: "validate", id: "nextClass", keys: ["PageDown"], label: "Next class" },
  { page: "validate", id: "previousClass", keys: ["PageUp"], label: "Previous class" },
  { page: "validate", id: "clear", keys: ["Escape"], label: "Close the large view, or clear all marks" },
  { page: "validate", id: "help", keys: ["?"], label: "Show all keys" },

  { page: "review", id: "keep", keys: ["Enter", "x"], label: "Keep the label" },
  { page: "review", id: "accept", keys: ["a"], label: "Change it to what the model says" },
  { page: "review", id: "undo", keys: ["Backspace", "Ctrl+z"], label: "Take the last decision back" },
  { page: "review", id: "next", keys: ["ArrowRight", "ArrowDown"], label: "Next, without deciding", repeats: true },
  { page: "review", id: "previous", keys: ["ArrowLeft", "ArrowUp"], label: "Previous", repeats: true },
  { page: "review", id: "help", keys: ["?"], label: "Show all keys" },

  { page: "triage", id: "name", keys: ["Enter"], label: "Name the stack; Enter again labels all of it" },
  { page: "triage", id: "known", keys: ["a"], label: "Known after all: nothing in this stack is new" },
  { page: "triage", id: "noise", keys: ["Delete"], label: "Ignore: the stack is noise, remembered for later batches" },
  { page: "triage", id: "open", keys: ["z"], label: "Open the stack, or close it" },
  {
    page: "triage",
    id: "leaveOut",
    keys: ["x", "Space"],
    label: "In an open stack: leave the image out, or put it back",
  },
  { page: "triage", id: "undo", keys: ["Backspace", "Ctrl+z"], label: "Take the last decision on a stack back" },
  { page: "triage", id: "questions", keys: ["g"], label: "Go to the questions" },
  {
    page: "triage",
    id: "right",
    keys: ["ArrowRight"],
    label: "Next stack, or next image of the open one",
    repeats: true,
  },
  { page: "triage", id: "left", keys: ["ArrowLeft"], label: "Previous stack, or image", repeats: true },
  { page: "triage", id: "down", keys: ["ArrowDown"], label: "One row down", repeats: true },
  { page: "triage", id: "up", keys: ["ArrowUp"], label: "One row up", repeats: true },
  { page: "triage", id: "close", keys: ["Escape"], label: "Close the stack" },
  { page: "triage", id: "help", keys: ["?"], label: "Show all keys" },
] as const satisfies readonly Action[];

type Row = (typeof TABLE)[number];
export type ActionOf<P extends Page> = Extract<Row, { page: P }>["id"];

/** The actions of a page in the order of the key sheet. */
export function actionsOf(page: Page): readonly Action[] {
  return TABLE.filter((action) => action.page === page);
}

/** The main key of an action, for buttons. */
export function keyOf<P extends Page>(page: P, id: ActionOf<P>): string {
  return TABLE.find((action) => action.page === page && action.id === id)?.keys[0] ?? "";
}

/** Letters no class may have, because an action of some page has them. */
export const RESERVED_KEYS: ReadonlySet<string> = new Set(
  TABLE.flatMap((action): readonly string[] => action.keys).filter((key) => key.length === 1),
);

const AUTOMATIC = [..."1234567890", ..."qwertyuiopshjklcvbnm"].filter((key) => !RESERVED_KEYS.has(key));

const KEYS = new Set(AUTOMATIC);

/** The key of each class by id: its own if it may have it, or its name where that is one character, else the next free. */
export function classKeys(classes: readonly Class[]): Map<number, string> {
  const keys = new Map<number, string>();
  const active = classes.filter((entry) => !entry.archived);
  const taken = new Set(RESERVED_KEYS);
  for (const entry of active) {
    const own = (entry.key ?? (KEYS.has(entry.name.toLowerCase()) ? entry.name : null))?.toLowerCase();
    if (own && !taken.has(own)) {
      keys.set(entry.id, own);
      taken.add(own);
    }
  }
  const free = AUTOMATIC.filter((key) => !taken.has(key));
  for (const entry of active) {
    if (!keys.has(entry.id)) {
      const key = free.shift();
      if (key === undefined) break;
      keys.set(entry.id, key);
    }
  }
  return keys;
}

export interface KeyPress {
  key: string;
  code: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
}

/** The name of a pressed key as in the table, whatever the keyboard layout; null for combinations we leave to the browser. */
export function keyName(press: KeyPress): string | null {
  if (press.altKey) return null;
  const letter = /^Key([A-Z])$/.exec(press.code)?.[1]?.toLowerCase();
  // On layouts without Latin letters the place of the key counts; on French ones the digit row needs no Shift.
  const plain = press.key.length === 1 && press.key.charCodeAt(0) > 127 && letter ? letter : press.key;
  if (press.ctrlKey || press.metaKey) {
    return plain.toLowerCase() === "z" && !press.shiftKey ? "Ctrl+z" : null;
  }
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(press.code)?.[1];
  if (digit && !press.shiftKey) return digit;
  if (plain === " ") return "Space";
  return plain.length === 1 ? plain.toLowerCase() : plain;
}

export type Pressed<P extends Page> =
  | { kind: "action"; action: ActionOf<P> }
  | { kind: "class"; classId: number }
  | null;

/** What a key press means on a page: an action, a class, or nothing of ours. Actions win over class keys. */
export function pressed<P extends Page>(page: P, press: KeyPress, keys: ReadonlyMap<number, string>): Pressed<P> {
  const name = keyName(press);
  if (name === null) return null;
  const action: Action | undefined = TABLE.find(
    (one) => one.page === page && (one.keys as readonly string[]).includes(name),
  );
  if (action) {
    return press.repeat && !action.repeats ? null : { kind: "action", action: action.id as ActionOf<P> };
  }
  if (press.repeat) return null;
  for (const [classId, key] of keys) {
    if (key === name) return { kind: "class", classId };
  }
  return null;
}

const WRITTEN: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  PageUp: "Page ↑",
  PageDown: "Page ↓",
  Backspace: "⌫",
  Delete: "Del",
  Escape: "Esc",
  "Ctrl+z": "Ctrl Z",
};

/** A key as it is printed on the keyboard. */
export function printed(key: string): string {
  return WRITTEN[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
