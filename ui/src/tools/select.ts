// The select tool: choose shapes, move them, pull their handles, choose many with a rectangle.
import { distance } from "../model/geometry";
import type { Geometry, Point, Shape } from "../model/shape";
import type { Size } from "../model/view";
import { boundsOfShape, handlesOf, pulled, shifted } from "../shapes/kinds";
import type { Draft, Tool, World } from "./tool";

type State =
  | { at: "idle"; over: string | null; handle: number | null }
  /** Down on a shape, not moved yet: up chooses it, moving moves the selection. */
  | { at: "pressed"; from: Point; was: readonly Shape[]; only: string | null }
  | { at: "moving"; from: Point; was: readonly Shape[]; now: readonly Shape[] }
  | { at: "pulling"; was: Shape; now: Shape; handle: number }
  | { at: "band"; from: Point; to: Point; added: ReadonlySet<string> };

const SLIP = 4;
const REACH = 9;
const IDLE: State = { at: "idle", over: null, handle: null };

export const selectTool: Tool<State> = {
  start: IDLE,
  hint: "Click a shape to choose it, Shift for several; pull it or its handles; pull over nothing to choose many",
  busy: (state) => state.at !== "idle",
  cursor(state) {
    if (state.at === "moving") return "grabbing";
    if (state.at === "idle") return state.handle !== null ? "pointer" : state.over ? "move" : "default";
    return "default";
  },
  on(state, event, world) {
    if (event.type === "lost") return IDLE;
    if (event.type === "command") return command(state, event.command, world);
    if (event.type === "double") return state;
    if (event.type === "down") return pressed(event.at, event.shift || event.ctrl, world);
    if (event.type === "up") return released(state, event.shift || event.ctrl, world);
    switch (state.at) {
      case "idle":
        return hovered(state, event.at, world);
      case "pressed":
        if (distance(state.from, event.at) < SLIP * world.unit) return state;
        return moved({ ...state, at: "moving", now: state.was }, event.at, world);
      case "moving":
        return moved(state, event.at, world);
      case "pulling": {
        const geometry = pulled(state.was.geometry, state.handle, event.snapped, { shift: event.shift });
        return { ...state, now: { ...state.was, geometry } };
      }
      case "band":
        return { ...state, to: event.at };
    }
  },
  draft(state, world) {
    if (state.at === "moving") return { shapes: state.now };
    if (state.at === "pulling")
      return { shapes: [state.now], ...held(state.now.geometry, world), active: state.handle };
    if (state.at === "band") return { band: [state.from, state.to] };
    const one = single(world);
    return one ? { ...held(one.geometry, world), active: state.at === "idle" ? state.handle : null } : {};
  },
};

function held(shape: Geometry, world: World): Draft {
  return { handles: handlesOf(shape, world.unit) };
}

/** The only selected shape, when it may be changed. */
function single(world: World): Shape | null {
  const [one, second] = world.doc.selected;
  return one && !second && world.free(one) ? one : null;
}

/** The handle near a point; of two at one place the point of the shape. */
function handleAt(shape: Shape, point: Point, world: World): number | null {
  let best: number | null = null;
  let least = REACH * world.unit;
  for (const [at, handle] of handlesOf(shape.geometry, world.unit).entries()) {
    const away = distance(handle.at, point) + (handle.role === "middle" ? 0.01 * world.unit : 0);
    if (away < least) {
      least = away;
      best = at;
    }
  }
  return best;
}

function pressed(at: Point, more: boolean, world: World): State {
  const one = single(world);
  const handle = one && !more ? handleAt(one, at, world) : null;
  if (one && handle !== null) return { at: "pulling", was: one, now: one, handle };
  const { doc } = world;
  const found = world.find(at);
  if (!found) return { at: "band", from: at, to: at, added: more ? doc.selection : new Set() };
  const chosen = doc.selection.has(found.id);
  const members = withGroup(found, world);
  if (more) {
    const next = new Set(doc.selection);
    for (const id of members) {
      if (chosen) next.delete(id);
      else next.add(id);
    }
    doc.select(next);
  } else if (!chosen) {
    doc.select(members);
  }
  const was = doc.selected.filter(world.free);
  return { at: "pressed", from: at, was, only: !more && chosen ? found.id : null };
}

/** A grouped shape is chosen with its group. */
function withGroup(shape: Shape, world: World): string[] {
  if (shape.group === null) return [shape.id];
  return world.doc.shapes.filter((one) => one.group === shape.group && world.free(one)).map((one) => one.id);
}

function released(state: State, more: boolean, world: World): State {
  const { doc } = world;
  if (state.at === "pressed" && state.only && !more) {
    const found = doc.get(state.only);
    if (found) doc.select(withGroup(found, world));
  }
  if (state.at === "moving") {
    doc.apply(changedShapes(world, state.now), state.now.length > 1 ? "Move shapes" : "Move a shape");
  }
  if (state.at === "pulling" && state.now !== state.was) doc.apply(changedShapes(world, [state.now]), "Change a shape");
  if (state.at === "band") {
    const chosen = world.within(boxOf(state.from, state.to));
    doc.select([
      ...state.added,
      ...(distance(state.from, state.to) < SLIP * world.unit ? [] : chosen.map(({ id }) => id)),
    ]);
  }
  return IDLE;
}

/** Changing a pre-label decides about it. */
function changedShapes({ doc }: World, put: readonly Shape[]) {
  const undecided = new Set(doc.snapshot.undecided);
  const waiting = put.filter((shape) => undecided.delete(shape.id));
  return waiting.length > 0 ? { put, undecided } : { put };
}

function moved(state: State & { at: "moving" }, to: Point, world: World): State {
  const [dx, dy] = kept(state.was, to[0] - state.from[0], to[1] - state.from[1], world.image);
  return { ...state, now: state.was.map((shape) => ({ ...shape, geometry: shifted(shape.geometry, dx, dy) })) };
}

/** What lies within the image stays there; what reaches over an edge already comes no further. */
function kept(shapes: readonly Shape[], dx: number, dy: number, image: Size): Point {
  const boxes = shapes.map((shape) => boundsOfShape(shape.geometry));
  const least = (at: 0 | 1) => Math.min(0, -Math.min(...boxes.map((box) => box[at])));
  const most = (at: 2 | 3, end: number) => Math.max(0, end - Math.max(...boxes.map((box) => box[at])));
  const between = (low: number, value: number, high: number) => Math.min(high, Math.max(low, value));
  return [between(least(0), dx, most(2, image.width)), between(least(1), dy, most(3, image.height))];
}

function hovered(state: State & { at: "idle" }, at: Point, world: World): State {
  const one = single(world);
  const handle = one ? handleAt(one, at, world) : null;
  const over = handle === null ? (world.find(at)?.id ?? null) : null;
  return over === state.over && handle === state.handle ? state : { at: "idle", over, handle };
}

function command(state: State, name: string, world: World): State {
  if (name === "cancel") {
    if (state.at === "idle") world.doc.select([]);
    return IDLE;
  }
  return state;
}

function boxOf([ax, ay]: Point, [bx, by]: Point): [number, number, number, number] {
  return [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)];
}
