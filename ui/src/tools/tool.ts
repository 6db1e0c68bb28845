// What a tool is: a small statechart. It gets events with points of the image, and says what to show while it is at work.
import type { components } from "../api/schema";
import type { Box4 } from "../model/camera";
import type { Doc } from "../model/document";
import type { Class, Geometry, Kind, Point, Shape } from "../model/shape";
import type { Size } from "../model/view";
import type { Handle } from "../shapes/kind";

export type ToolId =
  | "select"
  | "pan"
  | "box"
  | "rotated"
  | "ellipse"
  | "polygon"
  | "polyline"
  | "points"
  | "skeleton"
  | "brush"
  | "eraser"
  /** Cuts an outline out of the selected polygons: holes. */
  | "hole"
  /** Cuts the selected polygons in two along a line. */
  | "split"
  | Assistant;

/** Tools that ask the server, and what is asked; `labels` are 1 for clicks inside and 0 for those outside. */
export type Asked = Partial<components["schemas"]["Ask"]> & Pick<components["schemas"]["Ask"], "tool" | "as">;
export type Assistant = components["schemas"]["Ask"]["tool"];

export interface PointerAt {
  /** In image pixels, where the pointer is. */
  at: Point;
  /** The same within the image, and on a neighbour's edge when snapping is on and one is near. */
  snapped: Point;
  shift: boolean;
  /** Ctrl, or Command. */
  ctrl: boolean;
  alt: boolean;
  device: "mouse" | "pen" | "touch";
  /** Of a pen, 0 to 1. */
  pressure: number;
}

/**
 * What keys and menus say to a tool. finish: the shape is complete. back: without the last point, or the chosen one.
 * Of proposals, second takes the second and other shows another one; only tools that propose are told so.
 */
export type Command = "finish" | "cancel" | "back" | "second" | "other";

export type ToolEvent =
  | ({ type: "down" | "move" | "up" | "double" } & PointerAt)
  | { type: "command"; command: Command }
  /** The pointer was taken away, for example by a second finger. */
  | { type: "lost" };

/** What came of a question, the likeliest first; `problem` says why there is nothing. */
export interface Answer {
  asked: number;
  proposals: readonly Geometry[];
  problem: string | null;
}

/** The world as a tool sees it. */
export interface World {
  doc: Doc;
  image: Size;
  classId: number | null;
  classes: readonly Class[];
  /** The length of one CSS pixel, in image pixels. */
  unit: number;
  /** Sides below this many image pixels are slips of the hand. */
  minSize: number;
  /** Diameter in image pixels. */
  brushSize: number;
  /** Shown, and not locked: what a pointer may take hold of. */
  free: (shape: Shape) => boolean;
  /** The shape under a point: of those that lie there the smallest, lines and points before areas. */
  find: (point: Point) => Shape | null;
  within: (box: Box4) => Shape[];
  /** Whether the chosen class may be drawn as this kind; says why when not. */
  may: (kind: Kind) => boolean;
  /** Adds a drawn shape of the chosen class and selects it; says why not when it may not be. */
  draw: (geometry: Geometry, label: string) => void;
  /** Sends a question; the answer comes back with the same number. Without a server there is none. */
  assist?: (question: Asked, asked: number) => void;
  hint: (text: string | null) => void;
  /** The colour of a class, #rrggbb. */
  colour: (classId: number) => string;
}

/** What the upper layer shows for a tool. */
export interface Draft {
  /** Drawn in the place of the shapes of the same id below. */
  shapes?: readonly Shape[];
  /** Ids not to be drawn below, because their pixels are at work. */
  without?: readonly string[];
  /** A geometry not yet a shape, in the colour of the chosen class. */
  geometry?: Geometry | null;
  /** A line still open, and where it would go next. */
  open?: readonly Point[];
  /** Strokes of a scribble, inside or outside an object. */
  lines?: readonly { points: readonly Point[]; inside: boolean }[];
  /** Pixels at work: a canvas as large as the image, and the part of it that changed since the last frame. */
  pixels?: { canvas: HTMLCanvasElement; fresh: Box4 | null };
  /** The brush: a ring around a point, with its radius in image pixels. */
  ring?: { at: Point; radius: number };
  handles?: readonly Handle[];
  active?: number | null;
  /** A rectangle that chooses what lies in it. */
  band?: readonly [Point, Point];
}

export interface Tool<S> {
  start: S;
  on: (state: S, event: ToolEvent, world: World) => S;
  draft: (state: S, world: World) => Draft;
  cursor: (state: S, world: World) => string;
  /** In the middle of something: cancel and back mean the tool, not the page. */
  busy: (state: S) => boolean;
  /** Only of tools that ask: they know the commands second and other as well. */
  answered?: (state: S, answer: Answer, world: World) => S;
  hint: string;
}
