// Plane geometry for drawing: distances, rings, turning. Points are [x, y] with y down, angles degrees clockwise as one sees them.
import type { Box4 } from "./camera";
import type { Point } from "./shape";

export type Ring = readonly Point[];

/** Hundredths of a pixel are enough, and shorter on the wire. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

export function roundedPoint([x, y]: Point): Point {
  return [rounded(x), rounded(y)];
}

export function distance([ax, ay]: Point, [bx, by]: Point): number {
  return Math.hypot(bx - ax, by - ay);
}

/** The point of the segment a-b nearest to p. */
export function nearestOn(p: Point, a: Point, b: Point): Point {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const square = dx * dx + dy * dy;
  const share = square === 0 ? 0 : ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / square;
  const along = Math.min(1, Math.max(0, share));
  return [a[0] + along * dx, a[1] + along * dy];
}

/** The segments of a line, or of a ring, which ends where it starts. */
export function* segments(points: Ring, closed: boolean): Generator<[Point, Point, number]> {
  for (let at = 0; at + 1 < points.length; at += 1) yield [points[at] as Point, points[at + 1] as Point, at];
  const last = points.at(-1);
  const first = points[0];
  if (closed && last && first && points.length > 2) yield [last, first, points.length - 1];
}

/** Whether p lies within `reach` of a line or ring. */
export function nearLine(points: Ring, closed: boolean, p: Point, reach: number): boolean {
  for (const [a, b] of segments(points, closed)) {
    if (distance(p, nearestOn(p, a, b)) <= reach) return true;
  }
  return false;
}

/** Even-odd: inside an odd number of rings. */
export function inRings(rings: readonly Ring[], [x, y]: Point): boolean {
  let inside = false;
  for (const ring of rings) {
    for (const [[ax, ay], [bx, by]] of segments(ring, true)) {
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
  }
  return inside;
}

/** Positive for a ring that runs clockwise as one sees it. */
export function signedArea(ring: Ring): number {
  let sum = 0;
  for (const [[ax, ay], [bx, by]] of segments(ring, true)) sum += ax * by - bx * ay;
  return sum / 2;
}

/** Area of even-odd rings that do not cross: holes count less than nothing. */
export function areaOf(rings: readonly Ring[]): number {
  let sum = 0;
  for (const [at, ring] of rings.entries()) {
    const first = ring[0];
    if (!first) continue;
    const depth = rings.filter((other, place) => place !== at && inRings([other], first)).length;
    sum += (depth % 2 === 0 ? 1 : -1) * Math.abs(signedArea(ring));
  }
  return sum;
}

export function boundsOf(points: Iterable<Point>): Box4 {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  return left === Infinity ? [0, 0, 0, 0] : [left, top, right, bottom];
}

export function overlap(one: Box4, other: Box4): boolean {
  return one[0] <= other[2] && one[2] >= other[0] && one[1] <= other[3] && one[3] >= other[1];
}

/** p turned around a centre. */
export function turned([x, y]: Point, angle: number, [cx, cy]: Point): Point {
  const radians = (angle * Math.PI) / 180;
  const cos = Math.cos(radians);
  const sin = Math.sin(radians);
  return [cx + cos * (x - cx) - sin * (y - cy), cy + sin * (x - cx) + cos * (y - cy)];
}

/** From -180 (left out) to 180. */
export function plainAngle(angle: number): number {
  const rest = ((angle % 360) + 360) % 360;
  return rest > 180 ? rest - 360 : rest;
}

/** Fewer points of the same line: none is left out that lies further than `tolerance` from what stays (Douglas, Peucker 1973). */
export function simplified(points: Ring, tolerance: number): Point[] {
  if (points.length < 3) return [...points];
  const keep = new Uint8Array(points.length);
  keep[0] = 1;
  keep[points.length - 1] = 1;
  const stack: [number, number][] = [[0, points.length - 1]];
  for (let range = stack.pop(); range; range = stack.pop()) {
    const [from, to] = range;
    let worst = 0;
    let place = -1;
    for (let at = from + 1; at < to; at += 1) {
      const p = points[at] as Point;
      const off = distance(p, nearestOn(p, points[from] as Point, points[to] as Point));
      if (off > worst) {
        worst = off;
        place = at;
      }
    }
    if (place >= 0 && worst > tolerance) {
      keep[place] = 1;
      stack.push([from, place], [place, to]);
    }
  }
  return points.filter((_, at) => keep[at] === 1);
}
