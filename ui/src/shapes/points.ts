// One point or several that are one object.
import { boundsOf, distance, roundedPoint } from "../model/geometry";
import type { GeometryOf, Point } from "../model/shape";
import type { ShapeKind } from "./kind";

type Points = GeometryOf<"points">;

export const points: ShapeKind<Points> = {
  bounds: (shape) => boundsOf(shape.points),
  area: () => 0,
  hit: (shape, point, reach) => shape.points.some((one) => distance(one, point) <= reach * 1.5),
  draw(context, shape, { colour, dot, line }) {
    context.beginPath();
    for (const [x, y] of shape.points) {
      context.moveTo(x + dot, y);
      context.arc(x, y, dot, 0, 2 * Math.PI);
    }
    context.fillStyle = colour;
    context.fill();
    context.strokeStyle = "rgb(0 0 0 / 60%)";
    context.lineWidth = line / 2;
    context.stroke();
  },
  handles: (shape) => shape.points.map((at) => ({ at, role: "vertex" })),
  pulled: (shape, handle, to) => ({ kind: "points", points: shape.points.toSpliced(handle, 1, roundedPoint(to)) }),
  without: (shape, at) => (shape.points.length > 1 ? { kind: "points", points: shape.points.toSpliced(at, 1) } : null),
  shifted: (shape, dx, dy) => ({
    kind: "points",
    points: shape.points.map(([x, y]): Point => roundedPoint([x + dx, y + dy])),
  }),
  lines: () => [],
};
