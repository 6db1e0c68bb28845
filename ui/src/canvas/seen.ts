// What of a document is to be seen, what lies under a point, and where two states of it differ.
import type { Box4 } from "../model/camera";
import type { DocState } from "../model/document";
import { overlap } from "../model/geometry";
import type { Point, Shape } from "../model/shape";
import { areaOfShape, boundsOfShape, hits } from "../shapes/kinds";

export interface Filter {
  /** null: all. */
  classes: ReadonlySet<number> | null;
  /** Suggestions with a lower score are not shown; what was decided always is. */
  score: number;
}

export function sameFilter(one: Filter, other: Filter): boolean {
  return one.classes === other.classes && one.score === other.score;
}

export function shown(shape: Shape, now: DocState, filter: Filter): boolean {
  if (now.hidden.has(shape.id)) return false;
  if (filter.classes && !filter.classes.has(shape.class_id)) return false;
  return shape.score === null || shape.score >= filter.score || !now.undecided.has(shape.id);
}

/** Of the shapes that meet a point the smallest, so that a small one within a large one can be reached; of equals the upper. */
export function smallestAt(
  shapes: readonly Shape[],
  point: Point,
  reach: number,
  free: (shape: Shape) => boolean,
): Shape | null {
  const spot: Box4 = [point[0] - reach * 2, point[1] - reach * 2, point[0] + reach * 2, point[1] + reach * 2];
  let best: Shape | null = null;
  let least = Infinity;
  for (const shape of shapes) {
    if (!overlap(boundsOfShape(shape.geometry), spot) || !free(shape)) continue;
    if (!hits(shape.geometry, point, reach)) continue;
    const area = areaOfShape(shape.geometry);
    if (area <= least) {
      least = area;
      best = shape;
    }
  }
  return best;
}

/** Where two states of a document look different. */
export function changedBoxes(now: DocState, before: DocState): Box4[] {
  const was = new Map(before.shapes.map((shape) => [shape.id, shape]));
  const boxes: Box4[] = [];
  const flags = (id: string, state: DocState) =>
    Number(state.selection.has(id)) + 2 * Number(state.undecided.has(id)) + 4 * Number(state.hidden.has(id));
  let last = -1;
  const places = new Map(before.shapes.map((shape, at) => [shape.id, at]));
  for (const shape of now.shapes) {
    const old = was.get(shape.id);
    was.delete(shape.id);
    const place = places.get(shape.id) ?? Infinity;
    const moved = place < last;
    if (place !== Infinity) last = Math.max(last, place);
    if (old === shape && !moved && flags(shape.id, now) === flags(shape.id, before)) continue;
    boxes.push(boundsOfShape(shape.geometry));
    if (old && old !== shape) boxes.push(boundsOfShape(old.geometry));
  }
  for (const old of was.values()) boxes.push(boundsOfShape(old.geometry));
  return boxes;
}

export function discOf({ at: [x, y], radius }: { at: Point; radius: number }): Box4 {
  return [x - radius, y - radius, x + radius, y + radius];
}

export function grown([left, top, right, bottom]: Box4, by: number): Box4 {
  return [left - by, top - by, right + by, bottom + by];
}

export function joinedBox(one: Box4, other: Box4): Box4 {
  return [
    Math.min(one[0], other[0]),
    Math.min(one[1], other[1]),
    Math.max(one[2], other[2]),
    Math.max(one[3], other[3]),
  ];
}

/** Boxes that overlap as one: what lies in both is painted once. */
export function joinedBoxes(boxes: readonly Box4[]): Box4[] {
  const apart: Box4[] = [];
  for (const box of boxes) {
    let whole = box;
    for (let at = apart.findIndex((one) => overlap(one, whole)); at >= 0; ) {
      whole = joinedBox(whole, apart.splice(at, 1)[0] as Box4);
      at = apart.findIndex((one) => overlap(one, whole));
    }
    apart.push(whole);
  }
  return apart;
}
