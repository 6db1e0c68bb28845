// The one table of actions: it makes the keys work, fills the key sheet, and puts the keys on the buttons.

import type { components } from "../api/schema";

type Class = components["schemas"]["Class"];

export type Page = "annotate" | "validate" | "review" | "triage" | "draw";

export interface Action {
  id: string;
  page: Page;
  keys: readonly string[];
  label: string;
  /** Where a page has many: the heading it stands under in the key sheet. */
  part?: string;
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

  {
    page: "draw",
    id: "submit",
    keys: ["Enter"],
    part: "Decide",
    label: "Save the image and bring the next; while drawing, end the shape",
  },
  { page: "draw", id: "skip", keys: ["Space"], part: "Decide", label: "Skip, it comes back when nothing else is left" },
  { page: "draw", id: "flag", keys: ["Shift+f"], part: "Decide", label: "Flag for somebody to look at" },
  {
    page: "draw",
    id: "takeBack",
    keys: ["Backspace"],
    part: "Decide",
    label: "Take the last image back; while drawing, the last point",
  },
  { page: "draw", id: "previous", keys: ["d"], part: "Decide", label: "Previous image; what is drawn stays" },
  { page: "draw", id: "next", keys: ["f"], part: "Decide", label: "Next image; what is drawn stays" },

  {
    page: "draw",
    id: "accept",
    keys: ["a"],
    part: "Suggestions",
    label: "Accept the selected suggestion, go to the next",
  },
  {
    page: "draw",
    id: "reject",
    keys: ["x"],
    part: "Suggestions",
    label: "Reject the selected suggestion, go to the next",
  },
  { page: "draw", id: "nextSuggestion", keys: ["s"], part: "Suggestions", label: "Select the next suggestion" },
  {
    page: "draw",
    id: "acceptAbove",
    keys: ["Shift+a"],
    part: "Suggestions",
    label: "Accept all from the slider's score on",
  },
  {
    page: "draw",
    id: "rejectBelow",
    keys: ["Shift+x"],
    part: "Suggestions",
    label: "Reject all below the slider's score",
  },

  { page: "draw", id: "draw", keys: ["n"], part: "Draw", label: "Draw another one like the last; again to stop" },
  { page: "draw", id: "toolSelect", keys: ["v"], part: "Draw", label: "Select, move and change shapes" },
  {
    page: "draw",
    id: "toolPan",
    keys: ["w"],
    part: "Draw",
    label: "Move the view; the wheel zooms, the right button moves with any tool",
  },
  { page: "draw", id: "toolBox", keys: ["b"], part: "Draw", label: "Box" },
  { page: "draw", id: "toolRotated", keys: ["r"], part: "Draw", label: "Rotated box" },
  { page: "draw", id: "toolEllipse", keys: ["e"], part: "Draw", label: "Ellipse" },
  { page: "draw", id: "toolPolygon", keys: ["p"], part: "Draw", label: "Polygon" },
  { page: "draw", id: "toolPolyline", keys: ["i"], part: "Draw", label: "Line" },
  { page: "draw", id: "toolPoints", keys: ["t"], part: "Draw", label: "Points" },
  { page: "draw", id: "toolSkeleton", keys: ["k"], part: "Draw", label: "Skeleton" },
  { page: "draw", id: "toolBrush", keys: ["m"], part: "Draw", label: "Brush of a mask" },
  { page: "draw", id: "toolEraser", keys: ["u"], part: "Draw", label: "Eraser of a mask" },
  {
    page: "draw",
    id: "toolHole",
    keys: ["y"],
    part: "Draw",
    label: "Cut a hole into the selected polygons, or a bite out",
  },
  { page: "draw", id: "toolSplit", keys: ["j"], part: "Draw", label: "Cut the selected polygons in two" },
  { page: "draw", id: "toolExtreme", keys: ["q"], part: "Draw", label: "Extreme clicks: an outline, or a tight box" },
  {
    page: "draw",
    id: "toolScribbles",
    keys: ["Shift+b"],
    part: "Draw",
    label: "Scribbles: strokes inside, with Alt outside",
  },
  { page: "draw", id: "toolScissors", keys: ["Shift+s"], part: "Draw", label: "Scissors that follow edges" },
  { page: "draw", id: "toolWand", keys: ["Shift+w"], part: "Draw", label: "Wand: what looks alike around a click" },
  { page: "draw", id: "toolModel", keys: ["Shift+k"], part: "Draw", label: "Segmenter: clicks or a box" },
  {
    page: "draw",
    id: "takeSecond",
    keys: ["Shift+Enter"],
    part: "Draw",
    label: "Take straight lines between the clicks, not what is proposed",
  },
  { page: "draw", id: "otherProposal", keys: ["Shift+n"], part: "Draw", label: "Show another proposal of a tool" },
  { page: "draw", id: "merge", keys: ["Shift+m"], part: "Draw", label: "Make one of the selected polygons" },
  {
    page: "draw",
    id: "cancel",
    keys: ["Escape"],
    part: "Draw",
    label: "Give up what is being drawn, or select nothing",
  },

  { page: "draw", id: "undo", keys: ["Ctrl+z"], part: "Change", label: "Undo", repeats: true },
  { page: "draw", id: "redo", keys: ["Ctrl+Shift+z", "Ctrl+y"], part: "Change", label: "Redo", repeats: true },
  { page: "draw", id: "remove", keys: ["Delete"], part: "Change", label: "Remove the selected shapes" },
  { page: "draw", id: "copy", keys: ["Ctrl+c"], part: "Change", label: "Copy the selected shapes" },
  { page: "draw", id: "paste", keys: ["Ctrl+v"], part: "Change", label: "Paste, on this image or another" },
  {
    page: "draw",
    id: "onward",
    keys: ["Ctrl+b"],
    part: "Change",
    label: "Put the selected shapes on the next image too",
  },
  { page: "draw", id: "selectAll", keys: ["Ctrl+a"], part: "Change", label: "Select all shapes" },
  { page: "draw", id: "group", keys: ["g"], part: "Change", label: "Make the selected shapes a group" },
  {
    page: "draw",
    id: "ungroup",
    keys: ["Shift+g"],
    part: "Change",
    label: "Take the selected shapes out of their group",
  },
  { page: "draw", id: "forward", keys: ["."], part: "Change", label: "Lay the selected shapes on top" },
  { page: "draw", id: "backward", keys: [","], part: "Change", label: "Lay the selected shapes at the bottom" },
  { page: "draw", id: "lock", keys: ["l"], part: "Change", label: "Lock the selected shapes, or unlock them" },
  { page: "draw", id: "hide", keys: ["h"], part: "Change", label: "Hide the selected shapes, or show them" },
  { page: "draw", id: "showAll", keys: ["Shift+h"], part: "Change", label: "Show everything that is hidden" },
  { page: "draw", id: "attributes", keys: ["o"], part: "Change", label: "Go to the attributes of the selected shape" },
  {
    page: "draw",
    id: "left",
    keys: ["ArrowLeft"],
    part: "Change",
    label: "Move the selected shapes by a pixel, or the view",
    repeats: true,
  },
  {
    page: "draw",
    id: "right",
    keys: ["ArrowRight"],
    part: "Change",
    label: "Move the selected shapes by a pixel, or the view",
    repeats: true,
  },
  {
    page: "draw",
    id: "up",
    keys: ["ArrowUp"],
    part: "Change",
    label: "Move the selected shapes by a pixel, or the view",
    repeats: true,
  },
  {
    page: "draw",
    id: "down",
    keys: ["ArrowDown"],
    part: "Change",
    label: "Move the selected shapes by a pixel, or the view",
    repeats: true,
  },
  {
    page: "draw",
    id: "farLeft",
    keys: ["Shift+ArrowLeft"],
    part: "Change",
    label: "Move them by ten pixels",
    repeats: true,
  },
  {
    page: "draw",
    id: "farRight",
    keys: ["Shift+ArrowRight"],
    part: "Change",
    label: "Move them by ten pixels",
    repeats: true,
  },
  {
    page: "draw",
    id: "farUp",
    keys: ["Shift+ArrowUp"],
    part: "Change",
    label: "Move them by ten pixels",
    repeats: true,
  },
  {
    page: "draw",
    id: "farDown",
    keys: ["Shift+ArrowDown"],
    part: "Change",
    label: "Move them by ten pixels",
    repeats: true,
  },

  { page: "draw", id: "fit", keys: ["z"], part: "View", label: "Fit the image to the window" },
  { page: "draw", id: "pixels", keys: ["Shift+z"], part: "View", label: "Show one image pixel as one of the screen" },
  { page: "draw", id: "focus", keys: ["c"], part: "View", label: "Zoom to the selected shape" },
  { page: "draw", id: "zoomIn", keys: ["PageUp"], part: "View", label: "Zoom in a little", repeats: true },
  { page: "draw", id: "zoomOut", keys: ["PageDown"], part: "View", label: "Zoom out a little", repeats: true },
  { page: "draw", id: "rotate", keys: ["Shift+r"], part: "View", label: "Turn the view by a quarter" },
  { page: "draw", id: "look", keys: ["Shift+l"], part: "View", label: "Brightness, contrast, crosshair, snapping" },
  { page: "draw", id: "search", keys: ["/"], part: "View", label: "Search classes" },
  { page: "draw", id: "guidelines", keys: ["Shift+i"], part: "View", label: "Open or close the guidelines" },
  { page: "draw", id: "palette", keys: ["Ctrl+k"], part: "View", label: "Find an action by its name" },
  { page: "draw", id: "help", keys: ["?"], part: "View", label: "Show all keys" },
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

type Task = components["schemas"]["Schema"]["task"];

function letters(mine: (page: Page) => boolean): ReadonlySet<string> {
  const keys = TABLE.filter((action) => mine(action.page)).flatMap((action): readonly string[] => action.keys);
  return new Set(keys.filter((key) => key.length === 1));
}

/** Letters no class may have, because an action of some page has them. */
export const RESERVED_KEYS: Readonly<Record<Task, ReadonlySet<string>>> = {
  classify: letters((page) => page !== "draw"),
  draw: letters((page) => page === "draw" || page === "validate"),
};

const ALL_KEYS = [..."1234567890", ..."qwertyuiopshjklcvbnm"];

/** The key of each class by id: its own if it may have it, or its name where that is one character, else the next free. */
export function classKeys(classes: readonly Class[], task: Task = "classify"): Map<number, string> {
  const keys = new Map<number, string>();
  const active = classes.filter((entry) => !entry.archived);
  const taken = new Set(RESERVED_KEYS[task]);
  const automatic = ALL_KEYS.filter((key) => !taken.has(key));
  const mayName = new Set(automatic);
  for (const entry of active) {
    const own = (entry.key ?? (mayName.has(entry.name.toLowerCase()) ? entry.name : null))?.toLowerCase();
    if (own && !taken.has(own)) {
      keys.set(entry.id, own);
      taken.add(own);
    }
  }
  const free = automatic.filter((key) => !taken.has(key));
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

/**
 * The names of a pressed key as in the table, whatever the keyboard layout, the closest first: Shift+A is "Shift+a" where a
 * page has that, else "a". None for combinations we leave to the browser.
 */
export function keyNames(press: KeyPress): readonly string[] {
  if (press.altKey) return [];
  const letter = /^Key([A-Z])$/.exec(press.code)?.[1]?.toLowerCase();
  // On layouts without Latin letters the place of the key counts; on French ones the digit row needs no Shift.
  const plain = press.key.length === 1 && press.key.charCodeAt(0) > 127 && letter ? letter : press.key;
  const shift = press.shiftKey ? "Shift+" : "";
  if (press.ctrlKey || press.metaKey) {
    return plain.length === 1 ? [`Ctrl+${shift}${plain.toLowerCase()}`] : [];
  }
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(press.code)?.[1];
  if (digit && !press.shiftKey) return [digit];
  const name = plain === " " ? "Space" : plain.length === 1 ? plain.toLowerCase() : plain;
  // A sign such as ? has its Shift in it already.
  return press.shiftKey && (name.length > 1 || name !== name.toUpperCase()) ? [shift + name, name] : [name];
}

export type Pressed<P extends Page> =
  | { kind: "action"; action: ActionOf<P> }
  | { kind: "class"; classId: number }
  | null;

/** What a key press means on a page: an action, a class, or nothing of ours. Actions win over class keys. */
export function pressed<P extends Page>(page: P, press: KeyPress, keys: ReadonlyMap<number, string>): Pressed<P> {
  for (const name of keyNames(press)) {
    const action: Action | undefined = TABLE.find(
      (one) => one.page === page && (one.keys as readonly string[]).includes(name),
    );
    if (action) {
      return press.repeat && !action.repeats ? null : { kind: "action", action: action.id as ActionOf<P> };
    }
    if (press.repeat) continue;
    for (const [classId, key] of keys) {
      if (key === name) return { kind: "class", classId };
    }
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
};

/** A key as it is printed on the keyboard. */
export function printed(key: string): string {
  const held = /^((?:Ctrl\+|Shift\+)+)(.+)$/.exec(key);
  if (held?.[1] && held[2]) return `${held[1].replaceAll("+", " ")}${printed(held[2])}`;
  return WRITTEN[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
