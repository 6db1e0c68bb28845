// What a person can do on the workbench: one function for each row of the table of actions.
import { useQueryClient } from "@tanstack/react-query";
import type { RefObject } from "react";
import { api, unwrap } from "../../api/client";
import { projectQuery } from "../../api/queries";
import type { BoardHandle } from "../../canvas/Board";
import type { ActionOf } from "../../model/actions";
import { merge } from "../../model/clipping";
import type { ItemClock } from "../../model/clock";
import type { Doc } from "../../model/document";
import type { Drawings } from "../../model/drawings";
import * as edit from "../../model/edits";
import { currentCard, lookedAt, type Session } from "../../model/session";
import { allows, type Class, type Shape } from "../../model/shape";
import type { ToolId } from "../../tools/tool";
import type { BenchSettings } from "./boardSettings";
import type { Open } from "./Classes";
import { TOOLS, usable } from "./tools";

interface Parts {
  slug: string;
  session: Session;
  drawings: Drawings;
  /** Of the image on the board; null while there is none. */
  doc: Doc | null;
  /** The document of the image that comes next. */
  nextDoc: () => Doc | null;
  board: RefObject<BoardHandle | null>;
  clock: ItemClock;
  /** Whether the image can be seen: nobody hands in what they have not seen. */
  seen: boolean;
  classes: readonly Class[];
  classId: number | null;
  tool: ToolId;
  lastTool: ToolId;
  settings: BenchSettings;
  say: (text: string | null) => void;
  setTool: (tool: ToolId) => void;
  setClassId: (classId: number) => void;
  setOpen: (open: Open) => void;
  toggle: (what: "look" | "guidelines" | "help" | "palette") => void;
}

export type Acts = Record<ActionOf<"draw">, () => void> & {
  choose: (classId: number) => void;
  tool: (tool: ToolId) => void;
  addClass: (name: string) => Promise<void>;
};

const PAN = 80;
const FAR = 10;

/** What was copied last; it can be pasted on any image of this tab. */
let copied: readonly Shape[] = [];

export function useActs(parts: Parts): Acts {
  const queries = useQueryClient();
  const { session, doc, board, say, classes } = parts;
  const chosen = () => doc?.selected ?? [];
  const change = (what: (doc: Doc, shapes: readonly Shape[]) => void) => () => {
    if (!doc) return;
    if (doc.selection.size === 0) say("Nothing is selected.");
    else what(doc, doc.selected);
  };
  const tool = (id: ToolId) => () => {
    const refusal = refusedTool(id, parts);
    if (refusal) say(refusal);
    else parts.setTool(id);
  };
  const move = (dx: number, dy: number) => () => {
    if (doc && doc.selection.size > 0) edit.nudge(doc, doc.selected, dx, dy);
    else board.current?.panBy(-Math.sign(dx) * PAN, -Math.sign(dy) * PAN);
  };
  const leave = (go: () => unknown) => () => {
    board.current?.send("cancel");
    if (go() === false) say("There is no further image ready yet.");
  };
  return {
    ...suggestionActs(parts),
    ...decisionActs(parts),
    previous: leave(() => session.previous()),
    next: leave(() => session.next()),

    draw: () => (parts.tool === "select" ? tool(parts.lastTool)() : parts.setTool("select")),
    ...toolActs(tool),
    takeSecond: () => {
      if (!board.current?.send("second")) say("There is no proposal to choose from.");
    },
    otherProposal: () => {
      if (!board.current?.send("other")) say("There is no other proposal.");
    },
    merge: () => doc && say(merge(doc)),
    cancel: () => {
      say(null);
      if (!board.current?.send("cancel")) {
        if (doc && doc.selection.size > 0) doc.select([]);
        else if (parts.tool !== "select") parts.setTool("select");
        else if (lookedAt(session.store.getState())) session.forward();
      }
    },

    undo: () => {
      // In the middle of an outline: its last point.
      if (parts.tool !== "select" && board.current?.send("back")) return;
      doc?.undo();
    },
    redo: () => void doc?.redo(),
    remove: change(edit.remove),
    copy: change((_, shapes) => {
      copied = shapes;
      say(shapes.length === 1 ? "One shape is copied." : `${shapes.length} shapes are copied.`);
    }),
    paste: () => (doc && copied.length > 0 ? edit.paste(doc, copied) : say("Nothing is copied yet.")),
    onward: change((_, shapes) => {
      const next = parts.nextDoc();
      if (!next) return say("There is no next image yet.");
      edit.paste(next, shapes);
      say(`${shapes.length === 1 ? "It is" : `${shapes.length} shapes are`} on the next image too.`);
    }),
    selectAll: () => doc?.select(doc.shapes.filter((one) => !doc.snapshot.hidden.has(one.id)).map((one) => one.id)),
    group: change(edit.group),
    ungroup: change(edit.ungroup),
    forward: change((now, shapes) => edit.restack(now, shapes, true)),
    backward: change((now, shapes) => edit.restack(now, shapes, false)),
    lock: change((now, shapes) => edit.toggle(now, "locked", shapes)),
    hide: change((now, shapes) => edit.toggle(now, "hidden", shapes)),
    showAll: () => doc && edit.showAll(doc),
    attributes: () => {
      const field = document.querySelector<HTMLElement>(".bench-attribute, .bench-attribute input");
      (field?.querySelector<HTMLElement>("input") ?? field)?.focus();
      if (!field) say("The selected shape has no attributes.");
    },
    left: move(-1, 0),
    right: move(1, 0),
    up: move(0, -1),
    down: move(0, 1),
    farLeft: move(-FAR, 0),
    farRight: move(FAR, 0),
    farUp: move(0, -FAR),
    farDown: move(0, FAR),

    fit: () => board.current?.fit(),
    pixels: () => board.current?.zoomTo(1),
    focus: () => {
      const [first] = chosen();
      if (first) board.current?.focus(first.id);
      else say("Nothing is selected.");
    },
    zoomIn: () => board.current?.zoomBy(1.25),
    zoomOut: () => board.current?.zoomBy(1 / 1.25),
    rotate: () => board.current?.rotateView(90),
    look: () => parts.toggle("look"),
    search: () => parts.setOpen("search"),
    guidelines: () => parts.toggle("guidelines"),
    palette: () => parts.toggle("palette"),
    help: () => parts.toggle("help"),

    choose: (classId) => chooseClass(classId, parts),
    tool: (id) => tool(id)(),
    addClass: async (name) => {
      const call = api.POST("/api/projects/{slug}/classes", {
        params: { path: { slug: parts.slug } },
        body: { name },
      });
      const view = await unwrap(call);
      queries.setQueryData(projectQuery(parts.slug).queryKey, view);
      if (parts.classId === null) parts.setClassId(classes.length);
    },
  };
}

type ToolAction = Extract<ActionOf<"draw">, `tool${string}`>;

function toolActs(tool: (id: ToolId) => () => void) {
  const all = TOOLS.map(({ action, id }) => [action, tool(id)] as const);
  return Object.fromEntries(all) as Record<ToolAction, () => void>;
}

/** Says what is drawn next; while selecting, what the selected shapes are. */
function chooseClass(classId: number, { doc, classes, tool, setClassId, setTool, say }: Parts): void {
  const entry = classes[classId];
  if (!entry) return;
  say(null);
  setClassId(classId);
  if (tool === "select" && doc && doc.selection.size > 0) {
    const left = edit.setClass(doc, doc.selected, entry);
    if (left > 0)
      say(
        `“${entry.name}” is not drawn like this: ${left === 1 ? "the shape keeps its" : `${left} keep their`} class.`,
      );
  }
  const kind = usable(classes).find((one) => one.id === tool)?.kind;
  if (kind && !allows(entry, kind)) setTool(firstTool(entry, classes));
}

/** A tool the class may be drawn with. */
export function firstTool(entry: Class | undefined, classes: readonly Class[]): ToolId {
  return usable(classes).find(({ kind }) => kind !== null && entry && allows(entry, kind))?.id ?? "select";
}

function refusedTool(id: ToolId, { classes, classId }: Parts): string | null {
  const tool = usable(classes).find((one) => one.id === id);
  if (!tool) return "No class of this project is drawn with this tool. Settings says how each one is drawn.";
  const entry = classId === null ? undefined : classes[classId];
  if (tool.kind !== null && entry && !allows(entry, tool.kind)) {
    return `“${entry.name}” is not drawn with this tool: choose another class, or another tool.`;
  }
  return null;
}

function suggestionActs({ doc, settings, say }: Parts) {
  const shown = (shape: Shape) => (shape.score ?? 0) >= settings.score;
  const goOn = (from: Shape | null) => {
    if (!doc) return;
    const next = edit.nextWaiting(doc, from, shown);
    doc.select(next ? [next.id] : []);
    if (!next) say(null);
  };
  const decide = (how: typeof edit.accept) => () => {
    if (!doc) return;
    const { undecided } = doc.snapshot;
    const these = doc.selected.filter((shape) => undecided.has(shape.id));
    const [first] = these;
    // Nothing selected yet: the first key shows what the second will decide.
    if (!first) return edit.waiting(doc).length > 0 ? goOn(null) : say("Nothing is left to decide.");
    how(
      doc,
      these.map(({ id }) => id),
    );
    goOn(first);
  };
  const all = (how: typeof edit.accept, side: "above" | "below") => () => {
    if (doc)
      how(
        doc,
        edit.split(edit.waiting(doc), settings.score)[side].map(({ id }) => id),
      );
  };
  return {
    accept: decide(edit.accept),
    reject: decide(edit.reject),
    nextSuggestion: () => {
      goOn(doc?.selected[0] ?? null);
      if (doc && doc.selection.size === 0) say("Nothing is left to decide.");
    },
    acceptAbove: all(edit.accept, "above"),
    rejectBelow: all(edit.reject, "below"),
  };
}

function decisionActs(parts: Parts) {
  const { session, drawings, doc, board, clock, settings, classes, say } = parts;
  const seconds = () => clock.seconds(performance.now());
  return {
    submit: () => {
      if (board.current?.send("finish") || !doc) return;
      const card = currentCard(session.store.getState());
      if (!card || !parts.seen) return;
      const left = edit.split(edit.waiting(doc), settings.score).above;
      if (left.length > 0) {
        doc.select([edit.nextWaiting(doc, null, (shape) => left.includes(shape))?.id ?? ""]);
        const them = left.length === 1 ? "One suggestion is" : `${left.length} suggestions are`;
        return say(`${them} left to decide: A accepts, X rejects, Shift A accepts all that are shown.`);
      }
      const value = doc.toValue();
      const [problem] = edit.problems(value, classes);
      if (problem) {
        doc.select([problem.id]);
        return say(`Not saved yet. ${problem.text}.`);
      }
      say(null);
      session.answer(value, seconds());
      drawings.done(card.item.id);
    },
    skip: () => {
      board.current?.send("cancel");
      say(null);
      session.skip(seconds());
    },
    flag: () => session.toggleFlag(),
    takeBack: () => {
      if (board.current?.send("back")) return;
      say(null);
      session.takeBack();
    },
  };
}
