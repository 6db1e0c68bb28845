// What a tool is: a small statechart. It gets events with points of the image, and says what to show while it is at work.
import type { Doc } from "../model/document";
import type { Class, Geometry, Point, Shape } from "../model/shape";
import type { Size } from "../model/view";
import type { Handle } from "../shapes/kind";

export type ToolId = "select" | "pan" | "box";

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

/** What keys and menus say to a tool. finish: the shape is complete. back: without the last point, or the chosen one. */
export type Command = "finish" | "cancel" | "back";

export type ToolEvent =
  | ({ type: "down" | "move" | "up" | "double" } & PointerAt)
  | { type: "command"; command: Command }
  /** The pointer was taken away, for example by a second finger. */
  | { type: "lost" };

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
  within: (box: readonly [number, number, number, number]) => Shape[];
  /** Adds a drawn shape of the chosen class and selects it; says why not when it may not be. */
  draw: (geometry: Geometry, label: string) => void;
  hint: (text: string | null) => void;
}

/** What the upper layer shows for a tool. */
export interface Draft {
  /** Drawn in the place of the shapes of the same id below. */
  shapes?: readonly Shape[];
  /** A geometry not yet a shape, in the colour of the chosen class. */
  geometry?: Geometry | null;
  /** A line still open, and where it would go next. */
  open?: readonly Point[];
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
  hint: string;
}
