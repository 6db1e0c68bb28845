// Tools that ask the server: clicks or strokes go out, an outline comes back as a proposal, and one key makes it a shape.
import { distance } from "../model/geometry";
import { allows, type Geometry, type GeometryOf, type Kind, type Point } from "../model/shape";
import type { Asked, Assistant, Tool, World } from "./tool";
import { arrived, clicked, followed, lineOf, SLACK, shortened, type Wire } from "./wire";

interface Click {
  at: Point;
  inside: boolean;
}

interface State {
  clicks: readonly Click[];
  strokes: readonly { points: readonly Point[]; inside: boolean }[];
  box: readonly [Point, Point] | null;
  /** The button is down. */
  pulling: { points: readonly Point[]; inside: boolean } | null;
  /** The number of the last question; answers to others are late. */
  asked: number;
  proposals: readonly Geometry[];
  shown: number;
  wire: Wire;
}

interface Recipe {
  tool: Assistant;
  label: string;
  hint: string;
  /** Clicks before there is anything to ask. */
  least: number;
  /** What pulling does; a pull that does nothing is a click. */
  pull: "nothing" | "stroke" | "box";
  /** Whether the way to the pointer is shown while it moves. */
  follows?: boolean;
  /** Whether a click may lie outside the object, with Alt. */
  sides: boolean;
  /** The kinds it can make, the first one the class allows is made. */
  kinds: readonly Kind[];
}

const SLIP = 4;
const STEP = 3;
const START: State = {
  clicks: [],
  strokes: [],
  box: null,
  pulling: null,
  asked: 0,
  proposals: [],
  shown: 0,
  wire: SLACK,
};

let questions = 0;
const number = () => ++questions;

function assistTool(recipe: Recipe): Tool<State> {
  const { tool, label, least, pull, sides } = recipe;

  const ask = (state: State, world: World): State => {
    const next = { ...state, pulling: null, proposals: [], shown: 0, asked: number() };
    const { clicks, strokes, box } = next;
    const kind = kindOf(recipe, world);
    const enough =
      pull === "stroke"
        ? clicks.length + strokes.length > 0
        : clicks.length >= (kind === "polyline" ? 2 : least) || box !== null;
    const inside = box !== null || clicks.some((one) => one.inside) || strokes.some((one) => one.inside);
    if (!enough || !inside || !kind) return next;
    const question: Asked = {
      tool,
      as: kind,
      points: clicks.map(({ at }) => at),
      labels: sides ? clicks.map((one) => (one.inside ? 1 : 0)) : [],
      scribbles: strokes.map((one) => ({ points: [...one.points], inside: one.inside })),
      box: box && boxOf(box),
    };
    if (pull === "stroke") question.width = Math.min(500, Math.max(1, 6 * world.unit));
    world.assist?.(question, next.asked);
    return next;
  };

  const released = (state: State, world: World): State => {
    const { pulling } = state;
    const [first, last] = [pulling?.points[0], pulling?.points.at(-1)];
    if (!pulling || !first || !last) return state;
    const far = pulling.points.some((point) => distance(point, first) > SLIP * world.unit);
    if (far && pull === "stroke") {
      return ask({ ...state, strokes: [...state.strokes, pulling] }, world);
    }
    if (far && pull === "box") return ask({ ...state, box: [first, last] }, world);
    const before = state.clicks.at(-1);
    if (before && distance(before.at, last) < SLIP * world.unit) return { ...state, pulling: null };
    const wire = recipe.follows ? clicked(state.wire, before?.at, last, world.unit) : SLACK;
    return ask({ ...state, wire, clicks: [...state.clicks, { at: last, inside: pulling.inside }] }, world);
  };

  const taken = (state: State, place: number, world: World): State => {
    const geometry = state.proposals[place];
    if (geometry) {
      world.draw(geometry, label);
      return START;
    }
    if (state.clicks.length + state.strokes.length > 0) world.hint(waiting(recipe, state));
    return { ...state, pulling: null };
  };

  const back = (state: State, world: World): State => {
    if (state.strokes.length > 0 && pull === "stroke")
      return ask({ ...state, strokes: state.strokes.slice(0, -1) }, world);
    if (state.clicks.length > 0)
      return ask({ ...state, wire: shortened(state.wire), clicks: state.clicks.slice(0, -1) }, world);
    return START;
  };

  return {
    start: START,
    hint: recipe.hint,
    cursor: () => "crosshair",
    busy: busyWith,
    answered(state, answer, world) {
      const { asked, proposals, problem } = answer;
      const from = state.clicks.at(-1);
      if (from && asked === state.wire.asked)
        return { ...state, wire: arrived(state.wire, answer, from.at, world, number) };
      if (asked !== state.asked) return state;
      const next = { ...state, proposals, shown: 0 };
      // A box is all that four clicks can say: nothing is left to decide.
      if (tool === "extreme" && proposals[0]?.kind === "box") return taken(next, 0, world);
      world.hint(problem ?? proposed(proposals));
      return next;
    },
    on(state, event, world) {
      switch (event.type) {
        case "lost":
          return { ...state, pulling: null };
        case "command":
          if (event.command === "cancel") return START;
          if (event.command === "finish") return taken(state, state.shown, world);
          if (event.command === "second") return taken(state, 1, world);
          if (event.command === "other")
            return { ...state, shown: state.proposals.length > 0 ? (state.shown + 1) % state.proposals.length : 0 };
          return back(state, world);
        case "double":
          return state;
        case "down":
          if (!busyWith(state) && !kindOf(recipe, world, true)) return state;
          return {
            ...state,
            pulling: { points: [event.snapped], inside: !(sides || pull === "stroke") || !event.alt },
          };
        case "move": {
          if (state.pulling) return { ...state, pulling: pulled(state.pulling, event.snapped, world) };
          const from = state.clicks.at(-1);
          if (!recipe.follows || !from) return state;
          return { ...state, wire: followed(state.wire, from.at, event.snapped, world, number) };
        }
        case "up":
          return released(state, world);
      }
    },
    draft({ clicks, strokes, pulling, box, proposals, shown, wire }) {
      const lines = [...strokes, ...(pulling && pull === "stroke" ? [pulling] : [])];
      const now = pulling && pull === "box" ? ends(pulling.points) : box;
      return {
        geometry: proposals[shown] ?? null,
        handles: clicks.map(({ at, inside }) => ({ at, role: inside ? ("vertex" as const) : ("middle" as const) })),
        open: lineOf(wire, proposals.length > 0),
        lines: lines.map((one) => ({ points: one.points, inside: one.inside })),
        ...(now ? { band: now } : {}),
      };
    },
  };
}

function busyWith(state: State): boolean {
  return state.clicks.length + state.strokes.length > 0 || state.box !== null;
}

function pulled(pulling: NonNullable<State["pulling"]>, to: Point, world: World): NonNullable<State["pulling"]> {
  const last = pulling.points.at(-1);
  if (last && distance(last, to) < STEP * world.unit) return pulling;
  return pulling.points.length < 2000 ? { ...pulling, points: [...pulling.points, to] } : pulling;
}

function ends(points: readonly Point[]): readonly [Point, Point] | null {
  const [first, last] = [points[0], points.at(-1)];
  return first && last ? [first, last] : null;
}

function boxOf([[ax, ay], [bx, by]]: readonly [Point, Point]): GeometryOf<"box"> | null {
  const [w, h] = [Math.abs(bx - ax), Math.abs(by - ay)];
  return w > 0 && h > 0 ? { kind: "box", x: Math.min(ax, bx), y: Math.min(ay, by), w, h } : null;
}

/** What the chosen class lets the tool make; says why when that is nothing. */
function kindOf({ kinds }: Recipe, world: World, aloud = false): Asked["as"] | null {
  const entry = world.classId === null ? undefined : world.classes[world.classId];
  const found = kinds.find((kind) => allows(entry, kind));
  if (!found && aloud) world.may(kinds[0] ?? "polygon");
  return (found as Asked["as"] | undefined) ?? null;
}

function waiting({ least, pull }: Recipe, { clicks }: State): string {
  if (pull !== "stroke" && clicks.length < least) return `${least} clicks are needed, there are ${clicks.length}`;
  return "There is no proposal yet";
}

function proposed(proposals: readonly Geometry[]): string {
  if (proposals.length === 0) return "Nothing found here: another click may help";
  return proposals.length > 1
    ? "Enter takes it, Shift Enter takes straight lines, Shift N shows another one; more clicks change it"
    : "Enter takes it; more clicks change it";
}

export const extremeTool = assistTool({
  tool: "extreme",
  label: "Draw by extreme clicks",
  hint: "Click the outermost points: left, top, right and bottom; further clicks on the outline correct it",
  least: 4,
  pull: "nothing",
  sides: false,
  kinds: ["polygon", "mask", "box"],
});

export const scribblesTool = assistTool({
  tool: "scribbles",
  label: "Draw by scribbles",
  hint: "Pull a stroke inside the object; with Alt outside it",
  least: 1,
  pull: "stroke",
  sides: true,
  kinds: ["polygon", "mask", "box"],
});

export const scissorsTool = assistTool({
  tool: "scissors",
  label: "Draw with scissors",
  hint: "Click along the outline: between the clicks it follows the edge",
  least: 3,
  pull: "nothing",
  follows: true,
  sides: false,
  kinds: ["polygon", "mask", "polyline"],
});

export const wandTool = assistTool({
  tool: "wand",
  label: "Draw with the wand",
  hint: "Click inside the object, again where it goes on; with Alt where it does not",
  least: 1,
  pull: "nothing",
  sides: true,
  kinds: ["polygon", "mask", "box"],
});

export const modelTool = assistTool({
  tool: "model",
  label: "Draw with the segmenter",
  hint: "Click inside the object or pull a box around it; with Alt click what does not belong to it",
  least: 1,
  pull: "box",
  sides: true,
  kinds: ["polygon", "mask", "box"],
});
