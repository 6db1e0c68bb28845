// The open line.
import { boundsOf, nearLine, roundedPoint } from "../model/geometry";
import type { GeometryOf, Point } from "../model/shape";
import type { Handle, ShapeKind } from "./kind";

type Polyline = GeometryOf<"polyline">;

export const polyline: ShapeKind<Polyline> = {
  bounds: ({ points }) => boundsOf(points),
  area: () => 0,
  hit: ({ points }, point, reach) => nearLine(points, false, point, reach),
  draw(context, { points }, { colour, line }) {
    context.beginPath();
    for (const [at, [x, y]] of points.entries()) {
      if (at === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    context.strokeStyle = colour;
    context.lineWidth = line * 1.25;
    context.lineJoin = "round";
    context.stroke();
  },
  /** The points, then the middles between them. */
  handles({ points }) {
    const middles = points.slice(1).map(([x, y], at): Handle => {
      const [ax, ay] = points[at] ?? [x, y];
      return { at: [(ax + x) / 2, (ay + y) / 2], role: "middle" };
    });
    return [...points.map((at): Handle => ({ at, role: "vertex" })), ...middles];
  },
  pulled({ points }, handle, to) {
    const count = points.length;
    const spliced =
      handle < count
        ? points.toSpliced(handle, 1, roundedPoint(to))
        : points.toSpliced(handle - count + 1, 0, roundedPoint(to));
    return { kind: "polyline", points: spliced };
  },
  without: ({ points }, at) => (points.length > 2 ? { kind: "polyline", points: points.toSpliced(at, 1) } : null),
  shifted: ({ points }, dx, dy) => ({
    kind: "polyline",
    points: points.map(([x, y]): Point => roundedPoint([x + dx, y + dy])),
  }),
  lines: ({ points }) => [{ points, closed: false }],
};
