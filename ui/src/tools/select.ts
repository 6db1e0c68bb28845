// The select tool: choose shapes, move them, pull their handles, take points away, choose many with a rectangle.
import type { Box4 } from "../model/camera";
import { distance } from "../model/geometry";
import type { Geometry, Point, Shape } from "../model/shape";
import type { Size } from "../model/view";
import { boundsOfShape, handlesOf, pulled, shifted, withoutHandle } from "../shapes/kinds";
import { turnedNode } from "../shapes/skeleton";
import type { Command, Draft, PointerAt, Tool, World } from "./tool";

interface Idle {
  at: "idle";
  over: string | null;
  /** The handle under the pointer, and the point of the shape clicked last: back takes it away. */
  handle: number | null;
  chosen: { of: Shape; handle: number } | null;
}

type State =
  | Idle
  /** Down on a shape, not moved yet: up chooses it, moving moves the selection. */
  | { at: "pressed"; from: Point; was: readonly Shape[]; only: string | null }
  | { at: "moving"; from: Point; was: readonly Shape[]; now: readonly Shape[] }
  | { at: "pulling"; from: Point; was: Shape; now: Shape; handle: number }
  | { at: "band"; from: Point; to: Point; added: ReadonlySet<string> };

const SLIP = 4;
const REACH = 9;
const IDLE: Idle = { at: "idle", over: null, handle: null, chosen: null };

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
    switch (event.type) {
      case "lost":
        return IDLE;
      case "command":
        return commanded(state, event.command, world);
      case "double":
        return state;
      case "down":
        return pressed(event, world);
      case "up":
        return released(state, event, world);
      case "move":
        return moved(state, event, world);
    }
  },
  draft(state, world) {
    if (state.at === "moving") return { shapes: state.now };
    if (state.at === "pulling")
      return { shapes: [state.now], ...held(state.now.geometry, world), active: state.handle };
    if (state.at === "band") return { band: [state.from, state.to] };
    const one = single(world);
    if (!one) return {};
    const active = state.at === "idle" ? (chosenOf(state, one) ?? state.handle) : null;
    return { ...held(one.geometry, world), active };
  },
};

function held(shape: Geometry, world: World): Draft {
  return { handles: handlesOf(shape, world.unit) };
}

/** The only selected shape, when it may be changed. */
function single(world: World): Shape | null {
  const { selection } = world.doc;
  const [id] = selection;
  const one = selection.size === 1 && id !== undefined ? world.doc.get(id) : undefined;
  return one && world.free(one) ? one : null;
}

function chosenOf(state: Idle, shape: Shape): number | null {
  return state.chosen?.of === shape ? state.chosen.handle : null;
}

/** The handle near a point; of two at one place the point of the shape. */
function handleAt(shape: Shape, point: Point, world: World): number | null {
  let best: number | null = null;
  let least = REACH * world.unit;
  for (const [at, handle] of handlesOf(shape.geometry, world.unit).entries()) {
    const away = distance(handle.at, point) + (handle.role === "middle" ? 2 * world.unit : 0);
    if (away < least) {
      least = away;
      best = at;
    }
  }
  return best;
}

function pressed(event: PointerAt, world: World): State {
  const { at } = event;
  const more = event.shift || event.ctrl;
  const one = single(world);
  const handle = one && !event.ctrl ? handleAt(one, at, world) : null;
  if (one && handle !== null) {
    if (event.alt) return turned(one, handle, world);
    return { at: "pulling", from: at, was: one, now: one, handle };
  }
  const { doc } = world;
  const found = world.find(at);
  if (!found) return { at: "band", from: at, to: at, added: more ? doc.selection : new Set() };
  const chosen = doc.selection.has(found.id);
  if (more) {
    const next = new Set(doc.selection);
    for (const id of withGroup(found, world)) {
      if (chosen) next.delete(id);
      else next.add(id);
    }
    doc.select(next);
  } else if (!chosen) {
    doc.select(withGroup(found, world));
  }
  const was = doc.selected.filter(world.free);
  return { at: "pressed", from: at, was, only: !more && chosen ? found.id : null };
}

/** A grouped shape is chosen with its group. */
function withGroup(shape: Shape, world: World): string[] {
  if (shape.group === null) return [shape.id];
  return world.doc.shapes.filter((one) => one.group === shape.group && world.free(one)).map((one) => one.id);
}

function moved(state: State, event: PointerAt, world: World): State {
  switch (state.at) {
    case "idle":
      return hovered(state, event.at, world);
    case "pressed":
      if (distance(state.from, event.at) < SLIP * world.unit || state.was.length === 0) return state;
      return { at: "moving", from: state.from, was: state.was, now: shiftedBy(state.was, state.from, event.at, world) };
    case "moving":
      return { ...state, now: shiftedBy(state.was, state.from, event.at, world) };
    case "pulling": {
      if (state.now === state.was && distance(state.from, event.at) < (SLIP / 2) * world.unit) return state;
      const geometry = pulled(state.was.geometry, state.handle, event.snapped, { shift: event.shift });
      return { ...state, now: { ...state.was, geometry } };
    }
    case "band":
      return { ...state, to: event.at };
  }
}

function shiftedBy(was: readonly Shape[], from: Point, to: Point, world: World): Shape[] {
  const [dx, dy] = kept(was, to[0] - from[0], to[1] - from[1], world.image);
  return was.map((shape) => ({ ...shape, geometry: shifted(shape.geometry, dx, dy) }));
}

/** What lies within the image stays there; what reaches over an edge already comes no further. */
function kept(shapes: readonly Shape[], dx: number, dy: number, image: Size): Point {
  const boxes = shapes.map((shape) => boundsOfShape(shape.geometry));
  const least = (at: 0 | 1) => Math.min(0, -Math.min(...boxes.map((box) => box[at])));
  const most = (at: 2 | 3, end: number) => Math.max(0, end - Math.max(...boxes.map((box) => box[at])));
  const between = (low: number, value: number, high: number) => Math.min(high, Math.max(low, value));
  return [between(least(0), dx, most(2, image.width)), between(least(1), dy, most(3, image.height))];
}

function released(state: State, event: PointerAt, world: World): State {
  const { doc } = world;
  if (state.at === "pressed" && state.only && !event.shift && !event.ctrl) {
    const found = doc.get(state.only);
    if (found) doc.select(withGroup(found, world));
  }
  if (state.at === "moving") {
    doc.apply(changedShapes(world, state.now), state.now.length > 1 ? "Move shapes" : "Move a shape");
  }
  if (state.at === "pulling") {
    if (state.now === state.was)
      return { ...IDLE, handle: state.handle, chosen: { of: state.was, handle: state.handle } };
    doc.apply(changedShapes(world, [state.now]), "Change a shape");
  }
  if (state.at === "band") {
    const slip = distance(state.from, state.to) < SLIP * world.unit;
    const found = slip ? [] : world.within(boxOf(state.from, state.to)).flatMap((shape) => withGroup(shape, world));
    doc.select([...state.added, ...found]);
  }
  return IDLE;
}

/** Changing a pre-label decides about it. */
function changedShapes({ doc }: World, put: readonly Shape[]) {
  const undecided = new Set(doc.snapshot.undecided);
  const waiting = put.filter((shape) => undecided.delete(shape.id));
  return waiting.length > 0 ? { put, undecided } : { put };
}

function hovered(state: Idle, at: Point, world: World): State {
  const one = single(world);
  const handle = one ? handleAt(one, at, world) : null;
  const over = handle === null ? (world.find(at)?.id ?? null) : null;
  return over === state.over && handle === state.handle ? state : { ...state, over, handle };
}

function commanded(state: State, command: Command, world: World): State {
  const one = single(world);
  const handle = state.at === "idle" && one ? chosenOf(state, one) : null;
  if (command !== "back" || !one || handle === null) return IDLE;
  return withoutPoint(one, handle, world);
}

/** Alt on a point takes it away; on a keypoint it turns visible into hidden and back. */
function turned(shape: Shape, handle: number, world: World): State {
  const { geometry } = shape;
  if (geometry.kind !== "skeleton") return withoutPoint(shape, handle, world);
  const next = { ...shape, geometry: turnedNode(geometry, handle) };
  world.doc.apply(changedShapes(world, [next]), "Change a keypoint");
  return IDLE;
}

function withoutPoint(shape: Shape, handle: number, world: World): State {
  const geometry = withoutHandle(shape.geometry, handle);
  if (geometry === undefined) return IDLE;
  if (geometry === null) world.doc.apply({ drop: [shape.id] }, "Remove a shape");
  else world.doc.apply(changedShapes(world, [{ ...shape, geometry }]), "Remove a point");
  return IDLE;
}

function boxOf([ax, ay]: Point, [bx, by]: Point): Box4 {
  return [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)];
}
