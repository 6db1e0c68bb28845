// Snapping: a point near a neighbour's corner or edge goes onto it, so that two shapes share a border.
import { boundsOfShape, linesOf } from "../shapes/kinds";
import { distance, nearestOn, overlap, segments } from "./geometry";
import type { Point, Shape } from "./shape";

/** The nearest corner within reach, else the nearest place on an edge; null when there is neither. */
export function snapTo(point: Point, shapes: Iterable<Shape>, reach: number): Point | null {
  const [x, y] = point;
  const spot = [x - reach, y - reach, x + reach, y + reach] as const;
  let corner: Point | null = null;
  let edge: Point | null = null;
  let cornerAway = reach;
  let edgeAway = reach;
  for (const shape of shapes) {
    if (!overlap(boundsOfShape(shape.geometry), spot)) continue;
    for (const { points, closed } of linesOf(shape.geometry)) {
      for (const [a, b] of segments(points, closed)) {
        for (const end of [a, b]) {
          const away = distance(point, end);
          if (away < cornerAway) [corner, cornerAway] = [end, away];
        }
        const near = nearestOn(point, a, b);
        const away = distance(point, near);
        if (away < edgeAway) [edge, edgeAway] = [near, away];
      }
    }
  }
  return corner ?? edge;
}
