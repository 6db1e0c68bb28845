// The table of kinds, and what it does for a geometry of any kind.
import type { Box4 } from "../model/camera";
import type { Geometry, Kind, Point } from "../model/shape";
import { box } from "./box";
import { ellipse } from "./ellipse";
import type { Handle, Paint, Pull, ShapeKind } from "./kind";
import { mask } from "./mask";
import { points } from "./points";
import { polygon } from "./polygon";
import { polyline } from "./polyline";
import { rotated } from "./rotated";
import { skeleton } from "./skeleton";

const KINDS = { box, rotated, ellipse, polygon, polyline, points, skeleton, mask };

/** Every kind only ever meets its own geometries. */
function of(kind: Kind): ShapeKind<Geometry> {
  return KINDS[kind] as unknown as ShapeKind<Geometry>;
}

const bounds = new WeakMap<Geometry, Box4>();

export function boundsOfShape(shape: Geometry): Box4 {
  let found = bounds.get(shape);
  if (!found) {
    found = of(shape.kind).bounds(shape);
    bounds.set(shape, found);
  }
  return found;
}

export const areaOfShape = (shape: Geometry): number => of(shape.kind).area(shape);

export const hits = (shape: Geometry, point: Point, reach: number): boolean => of(shape.kind).hit(shape, point, reach);

export function drawShape(context: CanvasRenderingContext2D, shape: Geometry, paint: Paint): void {
  of(shape.kind).draw(context, shape, paint);
}

export const handlesOf = (shape: Geometry, unit: number): Handle[] => of(shape.kind).handles(shape, unit);

export function pulled(shape: Geometry, handle: number, to: Point, pull: Pull): Geometry {
  return of(shape.kind).pulled(shape, handle, to, pull);
}

/** Undefined when the handle is not a point that can be taken away. */
export function withoutHandle(shape: Geometry, handle: number): Geometry | null | undefined {
  if (handlesOf(shape, 1)[handle]?.role !== "vertex") return undefined;
  return of(shape.kind).without?.(shape, handle);
}

export const shifted = (shape: Geometry, dx: number, dy: number): Geometry => of(shape.kind).shifted(shape, dx, dy);

export const linesOf = (shape: Geometry) => of(shape.kind).lines(shape);
