// What one does to a drawing besides drawing: decide on suggestions, change class and attributes, order, groups, copies.
// Everything is one change-set of the document, so one undo takes it back.
import { boundsOfShape, shifted } from "../shapes/kinds";
import type { Doc } from "./document";
import { randomKey } from "./ids";
import { allows, type Class, defaultAttributes, type Shape, type Shapes } from "./shape";

type Answer = Shape["attributes"][string];
type Attribute = Class["attributes"][number];

// --- suggestions -----------------------------------------------------------------------------------------------------

/** The suggestions that wait for a decision. */
export function waiting(doc: Doc): readonly Shape[] {
  const { shapes, undecided } = doc.snapshot;
  return undecided.size === 0 ? [] : shapes.filter((shape) => undecided.has(shape.id));
}

/** Those of a score from this on, and those below; both without a score count as below. */
export function split(shapes: readonly Shape[], score: number): { above: Shape[]; below: Shape[] } {
  const above = shapes.filter((shape) => (shape.score ?? 0) >= score);
  const kept = new Set(above);
  return { above, below: shapes.filter((shape) => !kept.has(shape)) };
}

export function accept(doc: Doc, ids: Iterable<string>): number {
  const { undecided } = doc.snapshot;
  const taken = [...ids].flatMap((id) => (undecided.has(id) ? (doc.get(id) ?? []) : []));
  if (taken.length === 0) return 0;
  const put = taken.map((shape) => ({ ...shape, iou: 1 }));
  doc.apply({ put, undecided: without(undecided, taken) }, said("accept", taken));
  return taken.length;
}

export function reject(doc: Doc, ids: Iterable<string>): number {
  const { undecided } = doc.snapshot;
  const gone = [...ids].filter((id) => undecided.has(id));
  if (gone.length > 0) doc.apply({ drop: gone }, gone.length === 1 ? "reject" : `reject ${gone.length}`);
  return gone.length;
}

/** The suggestion to decide on next: the nearest to this one, or the first from the top. */
export function nextWaiting(doc: Doc, from: Shape | null, among: (shape: Shape) => boolean = () => true): Shape | null {
  const left = waiting(doc).filter((shape) => shape.id !== from?.id && among(shape));
  const [x, y] = from ? middle(from) : [0, Number.NEGATIVE_INFINITY];
  const far = (shape: Shape) => {
    const [left, top] = middle(shape);
    return from ? Math.hypot(left - x, top - y) : top;
  };
  return left.reduce<Shape | null>((best, shape) => (best === null || far(shape) < far(best) ? shape : best), null);
}

// --- class, attributes, tags -------------------------------------------------------------------------------------------

/** Gives shapes a class; those it may not have stay as they are and are counted. */
export function setClass(doc: Doc, shapes: readonly Shape[], entry: Class): number {
  const fits = free(doc, shapes).filter((shape) => allows(entry, shape.geometry.kind));
  const put = fits
    .filter((shape) => shape.class_id !== entry.id)
    .map((shape) => ({ ...shape, class_id: entry.id, attributes: carried(shape.attributes, entry) }));
  if (put.length > 0) doc.apply({ put, undecided: without(doc.snapshot.undecided, put) }, `class ${entry.name}`);
  return shapes.length - fits.length;
}

/** What a shape's answers become when it gets another class: those that class allows, and its defaults. */
function carried(answers: Shape["attributes"], entry: Class): Shape["attributes"] {
  const kept = entry.attributes.flatMap((one): [string, Answer][] => {
    const answer = answers[one.name];
    return answer !== undefined && fitting(one, answer) ? [[one.name, answer]] : [];
  });
  return { ...defaultAttributes(entry), ...Object.fromEntries(kept) };
}

function fitting(attribute: Attribute, answer: Answer): boolean {
  if (attribute.kind === "choice") return attribute.choices.includes(String(answer));
  return typeof answer === { text: "string", number: "number", flag: "boolean" }[attribute.kind];
}

/** Null takes the answer away. */
export function setAttribute(doc: Doc, shapes: readonly Shape[], name: string, answer: Answer | null): void {
  const put = free(doc, shapes).map((shape) => {
    const { [name]: _, ...rest } = shape.attributes;
    return { ...shape, attributes: answer === null ? rest : { ...rest, [name]: answer } };
  });
  const ids = put.map((shape) => shape.id).join(" ");
  if (put.length > 0) {
    doc.apply({ put, undecided: without(doc.snapshot.undecided, put) }, name, `attribute ${name} ${ids}`);
  }
}

export function toggleTag(doc: Doc, entry: Class): void {
  const { tags } = doc;
  const next = tags.includes(entry.id) ? tags.filter((tag) => tag !== entry.id) : [...tags, entry.id];
  doc.apply({ tags: next }, `tag ${entry.name}`);
}

// --- removing, copying, moving -----------------------------------------------------------------------------------------

export function remove(doc: Doc, shapes: readonly Shape[]): void {
  const gone = free(doc, shapes);
  if (gone.length > 0) doc.apply({ drop: gone.map((shape) => shape.id) }, said("remove", gone));
}

const STEP = 12;

/** Puts copies on top and selects them; beside the original where one lies in the same place. */
export function paste(doc: Doc, copied: readonly Shape[]): void {
  if (copied.length === 0) return;
  const taken = new Set(doc.shapes.map((shape) => JSON.stringify(shape.geometry)));
  let moved = copied;
  while (moved.some((shape) => taken.has(JSON.stringify(shape.geometry)))) {
    moved = moved.map((shape) => ({ ...shape, geometry: shifted(shape.geometry, STEP, STEP) }));
  }
  const groups = new Map<number, number>();
  let free = nextGroup(doc);
  const put = moved.map((shape) => {
    let { group } = shape;
    if (group !== null) {
      if (!groups.has(group)) groups.set(group, free++);
      group = groups.get(group) ?? null;
    }
    return { ...shape, id: randomKey(), group, score: null, model: null, iou: null };
  });
  doc.apply({ put, selection: new Set(put.map((shape) => shape.id)) }, said("paste", put));
}

export function nudge(doc: Doc, shapes: readonly Shape[], dx: number, dy: number): void {
  const put = free(doc, shapes).map((shape) => ({ ...shape, geometry: shifted(shape.geometry, dx, dy) }));
  const ids = put.map((shape) => shape.id).join(" ");
  if (put.length > 0) {
    doc.apply({ put, undecided: without(doc.snapshot.undecided, put) }, said("move", put), `nudge ${ids}`);
  }
}

// --- order, groups, locks ----------------------------------------------------------------------------------------------

/** Lays shapes above all others, or below; among themselves they keep their order. */
export function restack(doc: Doc, shapes: readonly Shape[], top: boolean): void {
  const picked = new Set(shapes.map((shape) => shape.id));
  const ids = doc.shapes.map((shape) => shape.id);
  const rest = ids.filter((id) => !picked.has(id));
  const these = ids.filter((id) => picked.has(id));
  const order = top ? [...rest, ...these] : [...these, ...rest];
  if (order.some((id, place) => id !== ids[place])) doc.apply({ order }, top ? "lay on top" : "lay at the bottom");
}

function nextGroup(doc: Doc): number {
  return doc.shapes.reduce((most, shape) => Math.max(most, shape.group ?? 0), 0) + 1;
}

export function group(doc: Doc, shapes: readonly Shape[]): void {
  if (shapes.length < 2) return;
  const number = nextGroup(doc);
  doc.apply({ put: shapes.map((shape) => ({ ...shape, group: number })) }, "group");
}

export function ungroup(doc: Doc, shapes: readonly Shape[]): void {
  const put = shapes.filter((shape) => shape.group !== null).map((shape) => ({ ...shape, group: null }));
  if (put.length > 0) doc.apply({ put }, "ungroup");
}

/** Locks or hides all of them, or, where all are, undoes that. */
export function toggle(doc: Doc, what: "locked" | "hidden", shapes: readonly Shape[]): void {
  if (shapes.length === 0) return;
  const now = doc.snapshot[what];
  const all = shapes.every((shape) => now.has(shape.id));
  const next = all ? without(now, shapes) : new Set([...now, ...shapes.map((shape) => shape.id)]);
  const verb = what === "locked" ? (all ? "unlock" : "lock") : all ? "show" : "hide";
  doc.apply({ [what]: next }, said(verb, shapes));
}

export function showAll(doc: Doc): void {
  if (doc.snapshot.hidden.size > 0) doc.apply({ hidden: new Set() }, "show all");
}

// --- before it is sent -------------------------------------------------------------------------------------------------

export interface Problem {
  /** The shape it is about. */
  id: string;
  text: string;
}

/** What the server would refuse, said while the drawing is still on the screen. */
export function problems(value: Shapes, classes: readonly Class[]): Problem[] {
  return value.shapes.flatMap((shape) => {
    const entry = classes[shape.class_id];
    if (!entry || entry.archived) return [{ id: shape.id, text: "its class is no longer there: choose another one" }];
    const missing = entry.attributes.find((one) => one.required && shape.attributes[one.name] === undefined);
    return missing ? [{ id: shape.id, text: `${entry.name}: “${missing.name}” needs an answer` }] : [];
  });
}

function free(doc: Doc, shapes: readonly Shape[]): readonly Shape[] {
  const { locked } = doc.snapshot;
  return locked.size === 0 ? shapes : shapes.filter((shape) => !locked.has(shape.id));
}

function without(ids: ReadonlySet<string>, shapes: readonly Shape[]): ReadonlySet<string> {
  if (!shapes.some((shape) => ids.has(shape.id))) return ids;
  const gone = new Set(shapes.map((shape) => shape.id));
  return new Set([...ids].filter((id) => !gone.has(id)));
}

function said(verb: string, shapes: readonly Shape[]): string {
  return shapes.length === 1 ? verb : `${verb} ${shapes.length} shapes`;
}

function middle(shape: Shape): [number, number] {
  const [left, top, right, bottom] = boundsOfShape(shape.geometry);
  return [(left + right) / 2, (top + bottom) / 2];
}
