// The polygon: rings filled by the even-odd rule, so a ring inside another is a hole and rings beside each other are parts.
import { areaOf, boundsOf, inRings, nearLine, roundedPoint } from "../model/geometry";
import type { GeometryOf, Point } from "../model/shape";
import type { Handle, ShapeKind } from "./kind";

type Polygon = GeometryOf<"polygon">;

const paths = new WeakMap<Polygon, Path2D>();

export const polygon: ShapeKind<Polygon> = {
  bounds: ({ rings }) => boundsOf(rings.flat()),
  area: ({ rings }) => areaOf(rings),
  hit: ({ rings }, point, reach) => inRings(rings, point) || rings.some((ring) => nearLine(ring, true, point, reach)),
  draw(context, shape, { colour, fill, line }) {
    const path = pathOf(shape);
    context.fillStyle = fill;
    context.fill(path, "evenodd");
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.lineJoin = "round";
    context.stroke(path);
  },
  /** All points ring by ring, then the middles of all sides. */
  handles({ rings }) {
    const points = rings.flatMap((ring) => ring.map((at): Handle => ({ at, role: "vertex" })));
    const middles = rings.flatMap((ring) =>
      ring.map((_, place): Handle => ({ at: middle(ring, place), role: "middle" })),
    );
    return [...points, ...middles];
  },
  pulled(shape, handle, to) {
    const count = shape.rings.reduce((sum, ring) => sum + ring.length, 0);
    const [ring, place] = locate(shape, handle % count);
    return handle < count ? withPoint(shape, ring, place, to, 1) : withPoint(shape, ring, place + 1, to, 0);
  },
  /** A ring of two points goes, and with the last ring the polygon. */
  without(shape, n) {
    const [ring, place] = locate(shape, n);
    const rings = shape.rings
      .map((points, at) => (at === ring ? points.toSpliced(place, 1) : points))
      .filter((points) => points.length >= 3);
    return rings.length > 0 ? { kind: "polygon", rings } : null;
  },
  shifted: (shape, dx, dy) => ({
    kind: "polygon",
    rings: shape.rings.map((ring) => ring.map(([x, y]) => roundedPoint([x + dx, y + dy]))),
  }),
  lines: ({ rings }) => rings.map((points) => ({ points, closed: true })),
};

/** Ring and place in it of the n-th point of all. */
function locate({ rings }: Polygon, n: number): [number, number] {
  let left = n;
  for (const [at, ring] of rings.entries()) {
    if (left < ring.length) return [at, left];
    left -= ring.length;
  }
  return [rings.length - 1, 0];
}

/** Puts a point into a ring in the place of `instead` others: 1 replaces, 0 inserts. */
function withPoint(shape: Polygon, ring: number, place: number, to: Point, instead: 0 | 1): Polygon {
  const rings = shape.rings.map((points, at) =>
    at === ring ? points.toSpliced(place, instead, roundedPoint(to)) : points,
  );
  return { kind: "polygon", rings };
}

function middle(ring: Point[], place: number): Point {
  const [ax, ay] = ring[place] ?? [0, 0];
  const [bx, by] = ring[(place + 1) % ring.length] ?? [0, 0];
  return [(ax + bx) / 2, (ay + by) / 2];
}

function pathOf(shape: Polygon): Path2D {
  let path = paths.get(shape);
  if (!path) {
    path = new Path2D();
    for (const ring of shape.rings) {
      for (const [at, [x, y]] of ring.entries()) {
        if (at === 0) path.moveTo(x, y);
        else path.lineTo(x, y);
      }
      path.closePath();
    }
    paths.set(shape, path);
  }
  return path;
}
