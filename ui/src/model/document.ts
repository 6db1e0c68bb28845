// Everything drawn on one image: shapes in z-order, tags, what is selected, locked, hidden, and which pre-labels wait for a decision.
// No framework; every change is a change-set with an inverse, so all of it can be undone.
import { createStore, type StoreApi } from "zustand/vanilla";
import { History } from "./history";
import type { Shape, Shapes } from "./shape";

export interface DocState {
  /** Later ones lie above earlier ones. */
  shapes: readonly Shape[];
  tags: readonly number[];
  selection: ReadonlySet<string>;
  locked: ReadonlySet<string>;
  hidden: ReadonlySet<string>;
  /** Pre-labels nobody has accepted, corrected or rejected yet. */
  undecided: ReadonlySet<string>;
  /** Goes up with every change to shapes, tags or decisions, not with the selection: what autosave watches. */
  version: number;
  /** What undo or redo would do; null when there is nothing. */
  undo: string | null;
  redo: string | null;
}

/** A change-set. What is left out stays as it is. `put` replaces shapes by id; new ones go on top, or as `order` says. */
export interface Change {
  put?: readonly Shape[];
  drop?: readonly string[];
  /** The ids of all shapes after the change, from the bottom to the top. */
  order?: readonly string[];
  tags?: readonly number[];
  locked?: ReadonlySet<string>;
  hidden?: ReadonlySet<string>;
  undecided?: ReadonlySet<string>;
  selection?: ReadonlySet<string>;
}

type Content = Pick<DocState, "shapes" | "tags" | "locked" | "hidden" | "undecided" | "selection">;

const EMPTY: Content = {
  shapes: [],
  tags: [],
  selection: new Set(),
  locked: new Set(),
  hidden: new Set(),
  undecided: new Set(),
};

export class Doc {
  readonly store: StoreApi<DocState>;
  private readonly history = new History<Change>(joined);
  private places: { of: readonly Shape[]; at: Map<string, number> } | null = null;

  private constructor(content: Content) {
    this.store = createStore<DocState>(() => ({ ...content, version: 0, undo: null, redo: null }));
  }

  /**
   * A document from what was saved, null when nothing was, and the shapes of the prediction it is drawn with. Without
   * anything saved every pre-label waits for a decision. Otherwise those do that were saved as they came and without an
   * `iou`; those that are not there were rejected.
   */
  static from(value: Shapes | null, prelabels: Shapes | null = null): Doc {
    const offered = new Map((prelabels?.shapes ?? []).map((shape) => [shape.id, shape]));
    const shapes = value?.shapes ?? [...offered.values()];
    const waiting = shapes.filter((shape) => {
      const given = offered.get(shape.id);
      return given !== undefined && (value === null || (shape.iou === null && sameThing(shape, given)));
    });
    return new Doc({
      ...EMPTY,
      shapes,
      tags: value?.tags ?? prelabels?.tags ?? [],
      undecided: new Set(waiting.map((shape) => shape.id)),
    });
  }

  get snapshot(): DocState {
    return this.store.getState();
  }

  get shapes(): readonly Shape[] {
    return this.snapshot.shapes;
  }

  get tags(): readonly number[] {
    return this.snapshot.tags;
  }

  get selection(): ReadonlySet<string> {
    return this.snapshot.selection;
  }

  /** The selected shapes, from the bottom to the top. */
  get selected(): readonly Shape[] {
    const { shapes, selection } = this.snapshot;
    return selection.size === 0 ? [] : shapes.filter((shape) => selection.has(shape.id));
  }

  subscribe(listener: (now: DocState, before: DocState) => void): () => void {
    return this.store.subscribe(listener);
  }

  /** Where a shape lies in the order, -1 when there is none of this id. */
  place(id: string): number {
    const { shapes } = this.snapshot;
    if (this.places?.of !== shapes) {
      this.places = { of: shapes, at: new Map(shapes.map((shape, at) => [shape.id, at])) };
    }
    return this.places.at.get(id) ?? -1;
  }

  get(id: string): Shape | undefined {
    return this.shapes[this.place(id)];
  }

  /** Does something that can be undone. Steps of the same `series` directly after each other are undone together. */
  apply(change: Change, label: string, series: string | null = null): void {
    const before = this.snapshot;
    const after = changed(before, change);
    this.history.push({ label, forward: change, back: inverse(before, change, after), series });
    this.set(after, 1);
  }

  undo(): boolean {
    return this.turn(this.history.undo());
  }

  redo(): boolean {
    return this.turn(this.history.redo());
  }

  /** The next step is a new one even if it belongs to the series of the last. */
  pause(): void {
    this.history.close();
  }

  /** Selecting is no step of its own, but undo brings back what was selected then. */
  select(ids: Iterable<string>): void {
    const selection = new Set([...ids].filter((id) => this.place(id) >= 0));
    const now = this.selection;
    if (selection.size === now.size && [...selection].every((id) => now.has(id))) return;
    this.history.close();
    this.store.setState({ selection });
  }

  /** What is sent when the image is done. Pre-labels without a decision are left out: ask about `undecided` before. */
  toValue(): Shapes {
    const { shapes, tags, undecided } = this.snapshot;
    return { type: "shapes", shapes: shapes.filter((shape) => !undecided.has(shape.id)), tags: [...tags] };
  }

  /** Unfinished work, pre-labels without a decision among it: `Doc.from` gives the same document back. */
  toDraft(): Shapes {
    const { shapes, tags } = this.snapshot;
    return { type: "shapes", shapes: [...shapes], tags: [...tags] };
  }

  private turn(change: Change | null): boolean {
    if (change === null) return false;
    this.set(changed(this.snapshot, change), 1);
    return true;
  }

  private set(content: Content, step: number): void {
    const { undoLabel, redoLabel } = this.history;
    this.store.setState({ ...content, version: this.snapshot.version + step, undo: undoLabel, redo: redoLabel });
  }
}

/** Whether a shape is as the model gave it: class, geometry, attributes. */
export function sameThing(one: Shape, other: Shape): boolean {
  return (
    one.class_id === other.class_id &&
    JSON.stringify(one.geometry) === JSON.stringify(other.geometry) &&
    JSON.stringify(one.attributes) === JSON.stringify(other.attributes)
  );
}

function changed(now: Content, change: Change): Content {
  const { put = [], drop = [], order } = change;
  let shapes = now.shapes;
  if (put.length > 0 || drop.length > 0) {
    const fresh = new Map(put.map((shape) => [shape.id, shape]));
    const gone = new Set(drop);
    shapes = now.shapes.flatMap((shape) => {
      const next = fresh.get(shape.id) ?? shape;
      fresh.delete(shape.id);
      return gone.has(shape.id) ? [] : [next];
    });
    shapes = [...shapes, ...fresh.values()];
  }
  if (order) {
    const byId = new Map(shapes.map((shape) => [shape.id, shape]));
    shapes = order.flatMap((id) => byId.get(id) ?? []);
  }
  const gone = drop.length > 0 ? new Set(drop) : null;
  const kept = (ids: ReadonlySet<string>) =>
    gone && drop.some((id) => ids.has(id)) ? new Set([...ids].filter((id) => !gone.has(id))) : ids;
  return {
    shapes,
    tags: change.tags ?? now.tags,
    locked: change.locked ?? kept(now.locked),
    hidden: change.hidden ?? kept(now.hidden),
    undecided: change.undecided ?? kept(now.undecided),
    selection: change.selection ?? kept(now.selection),
  };
}

function inverse(before: Content, change: Change, after: Content): Change {
  const back: Change = { selection: before.selection };
  const touched = new Set([...(change.put ?? []).map((shape) => shape.id), ...(change.drop ?? [])]);
  if (touched.size > 0) {
    const were = before.shapes.filter((shape) => touched.has(shape.id));
    const known = new Set(were.map((shape) => shape.id));
    back.put = were;
    back.drop = [...touched].filter((id) => !known.has(id));
  }
  if (change.order || change.drop?.length) back.order = before.shapes.map((shape) => shape.id);
  if (after.tags !== before.tags) back.tags = before.tags;
  if (after.locked !== before.locked) back.locked = before.locked;
  if (after.hidden !== before.hidden) back.hidden = before.hidden;
  if (after.undecided !== before.undecided) back.undecided = before.undecided;
  return back;
}

function joined(first: Change, then: Change): Change {
  const put = new Map([...(first.put ?? []), ...(then.put ?? [])].map((shape) => [shape.id, shape]));
  const drop = new Set([...(first.drop ?? []), ...(then.drop ?? [])]);
  for (const id of then.drop ?? []) put.delete(id);
  for (const shape of then.put ?? []) drop.delete(shape.id);
  return { ...first, ...then, put: [...put.values()], drop: [...drop] };
}
