// Tools that take points one by one, or a line pulled freehand: polygon, polyline, points, and the two that cut polygons.
import { cutOut, splitAlong } from "../model/clipping";
import type { Doc } from "../model/document";
import { distance, roundedPoint, simplified } from "../model/geometry";
import { randomKey } from "../model/ids";
import type { GeometryOf, Kind, Point, Shape } from "../model/shape";
import type { Tool, World } from "./tool";

interface State {
  /** Those set so far; freehand ones among them. */
  points: readonly Point[];
  /** Where the next would be. */
  next: Point | null;
  /** The button is down since the last point, and how many there were then: moving adds more. */
  pulling: { from: Point; count: number; free: boolean } | null;
}

interface Recipe {
  /** What it makes of the points, when they are enough. */
  done: (points: Point[], world: World) => void;
  least: number;
  closed: boolean;
  /** Null: no line while at work, points only. */
  freehand: boolean;
  kind: Kind | null;
  hint: string;
}

const SLIP = 4;
const CLOSING = 9;
const FREE_STEP = 3;
const FREE_TOLERANCE = 1;
const START: State = { points: [], next: null, pulling: null };

function pathTool({ done, least, closed, freehand, kind, hint }: Recipe): Tool<State> {
  const finished = (state: State, world: World): State => {
    if (state.points.length >= least) done(state.points.map(roundedPoint), world);
    else if (state.points.length > 0)
      world.hint(`Not enough points yet: ${least} are needed, there are ${state.points.length}`);
    return state.points.length >= least ? START : { ...state, pulling: null };
  };
  const down = (state: State, to: Point, world: World): State => {
    const first = state.points[0];
    if (!first && kind && !world.may(kind)) return state;
    const near = CLOSING * world.unit;
    if (closed && first && state.points.length >= least && distance(first, to) < near) return finished(state, world);
    const last = state.points.at(-1);
    if (last && distance(last, to) < SLIP * world.unit) return state;
    const points = [...state.points, to];
    return { points, next: to, pulling: { from: to, count: points.length, free: false } };
  };
  const move = (state: State, at: Point, snapped: Point, world: World): State => {
    const { pulling } = state;
    if (!pulling || !freehand) return state.points.length > 0 ? { ...state, next: snapped } : state;
    if (!pulling.free && distance(pulling.from, at) < 2 * SLIP * world.unit) return { ...state, next: snapped };
    const last = state.points.at(-1) ?? at;
    const points = distance(last, snapped) < FREE_STEP * world.unit ? state.points : [...state.points, snapped];
    return { points, next: snapped, pulling: { ...pulling, free: true } };
  };
  const up = (state: State, world: World): State => {
    const { pulling, points } = state;
    if (!pulling?.free) return { ...state, pulling: null };
    // What was pulled freehand needs few of its points.
    const drawn = simplified(points.slice(pulling.count - 1), FREE_TOLERANCE * world.unit);
    const next = { ...state, points: [...points.slice(0, pulling.count - 1), ...drawn], pulling: null };
    const [first, last] = [next.points[0], next.points.at(-1)];
    const around =
      closed && first && last && next.points.length > least && distance(first, last) < 2 * CLOSING * world.unit;
    return around ? finished({ ...next, points: next.points.slice(0, -1) }, world) : next;
  };
  return {
    start: START,
    hint,
    cursor: () => "crosshair",
    busy: (state) => state.points.length > 0,
    on(state, event, world) {
      switch (event.type) {
        case "lost":
          return { ...state, pulling: null };
        case "command":
          if (event.command === "cancel") return START;
          if (event.command === "finish") return finished(state, world);
          return { ...state, points: state.points.slice(0, -1), pulling: null };
        case "double":
          return state.points.length >= least ? finished(state, world) : state;
        case "down":
          return down(state, event.snapped, world);
        case "move":
          return move(state, event.at, event.snapped, world);
        case "up":
          return up(state, world);
      }
    },
    draft({ points, next }) {
      if (points.length === 0) return {};
      const handles = points.map((at) => ({ at, role: "vertex" as const }));
      if (kind === "points") return { geometry: { kind: "points", points: [...points] }, handles };
      const open = next ? [...points, next] : points;
      const first = points[0];
      return { open: closed && first && points.length > 1 ? [...open, first] : open, handles };
    },
  };
}

export const polygonTool = pathTool({
  kind: "polygon",
  closed: true,
  least: 3,
  freehand: true,
  hint: "Click the corners or pull along the edge; double click, Enter or the first point closes it",
  done: (points, world) => world.draw({ kind: "polygon", rings: [points] }, "Draw a polygon"),
});

export const polylineTool = pathTool({
  kind: "polyline",
  closed: false,
  least: 2,
  freehand: true,
  hint: "Click along the line or pull; double click or Enter ends it",
  done: (points, world) => world.draw({ kind: "polyline", points }, "Draw a line"),
});

export const pointsTool = pathTool({
  kind: "points",
  closed: false,
  least: 1,
  freehand: false,
  hint: "Click every point of the object; double click or Enter ends it",
  done: (points, world) => world.draw({ kind: "points", points }, "Draw points"),
});

export const holeTool = pathTool({
  kind: null,
  closed: true,
  least: 3,
  freehand: true,
  hint: "Draw around what is cut out of the selected polygons; over the edge it takes a bite",
  done: (ring, world) => cut(world, (shape) => cutOut(shape.geometry, ring), "Cut out of a polygon"),
});

export const splitTool = pathTool({
  kind: null,
  closed: false,
  least: 2,
  freehand: true,
  hint: "Draw a line across the selected polygons, from outside to outside",
  done: (line, world) => cut(world, (shape) => splitAlong(shape.geometry, line), "Split a polygon"),
});

type Polygon = GeometryOf<"polygon">;
type PolygonShape = Shape & { geometry: Polygon };

/** The selected polygons, or all that a line meets when none is: each becomes what is left of it. */
function cut(world: World, parts: (shape: PolygonShape) => Polygon[], label: string): void {
  const { doc } = world;
  const chosen = polygonsOf(doc, world.free);
  if (chosen.length === 0) {
    world.hint("Select the polygons to cut first");
    return;
  }
  const put: Shape[] = [];
  const drop: string[] = [];
  for (const shape of chosen) {
    const left = parts(shape);
    if (left.length === 1 && JSON.stringify(left[0]) === JSON.stringify(shape.geometry)) continue;
    const [first, ...more] = left;
    if (first) put.push({ ...shape, geometry: first });
    else drop.push(shape.id);
    for (const geometry of more) {
      put.push({ ...shape, id: randomKey().slice(0, 16), geometry, score: null, model: null, iou: null });
    }
  }
  if (put.length + drop.length === 0) {
    world.hint("Nothing was cut: the line does not cross a selected polygon");
    return;
  }
  const undecided = new Set([...doc.snapshot.undecided].filter((id) => !put.some((shape) => shape.id === id)));
  const kept = [...doc.selection].filter((id) => !drop.includes(id));
  doc.apply({ put, drop, undecided, selection: new Set([...kept, ...put.map(({ id }) => id)]) }, label);
}

function polygonsOf(doc: Doc, free: (shape: Shape) => boolean): PolygonShape[] {
  return doc.selected.filter((shape): shape is PolygonShape => shape.geometry.kind === "polygon" && free(shape));
}
