// What every kind of shape can do: be hit, be drawn, show handles and follow them. Lengths are image pixels.
import type { Box4 } from "../model/camera";
import type { Ring } from "../model/geometry";
import type { Class, Geometry, Point } from "../model/shape";

/** A place to take hold of. */
export interface Handle {
  at: Point;
  /** vertex: a point of the shape; middle: pulling it makes a new point; side and turn as they say. */
  role: "vertex" | "middle" | "side" | "turn";
}

export interface Paint {
  colour: string;
  fill: string;
  chosen: boolean;
  /** Width of lines and radius of points. */
  line: number;
  dot: number;
  skeleton: Class["skeleton"];
}

export interface Pull {
  /** Shift: keep the proportions, or turn in steps of 15 degrees. */
  shift: boolean;
}

export interface ShapeKind<G extends Geometry> {
  /** Left, top, right, bottom. */
  bounds(shape: G): Box4;
  area(shape: G): number;
  /** Whether a point meets the shape, at most `reach` away from its line. */
  hit(shape: G, point: Point, reach: number): boolean;
  draw(context: CanvasRenderingContext2D, shape: G, paint: Paint): void;
  /** `unit` is the length of one CSS pixel. */
  handles(shape: G, unit: number): Handle[];
  /** The shape after its handle of this number went to a point. */
  pulled(shape: G, handle: number, to: Point, pull: Pull): G;
  /** Without the point of a handle: null when nothing is left. Kinds without single points have none of this. */
  without?(shape: G, handle: number): G | null;
  shifted(shape: G, dx: number, dy: number): G;
  /** The lines others may snap to; rings are closed. */
  lines(shape: G): { points: Ring; closed: boolean }[];
}
