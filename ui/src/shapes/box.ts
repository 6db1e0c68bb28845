// The box along the axes.
import { rounded } from "../model/geometry";
import type { GeometryOf, Point } from "../model/shape";
import { corners, type Frame, frameHandles, pulledFrame } from "./frame";
import type { ShapeKind } from "./kind";

type Box = GeometryOf<"box">;

export const box: ShapeKind<Box> = {
  bounds: ({ x, y, w, h }) => [x, y, x + w, y + h],
  area: ({ w, h }) => w * h,
  hit: ({ x, y, w, h }, [px, py], reach) =>
    px >= x - reach && px <= x + w + reach && py >= y - reach && py <= y + h + reach,
  draw(context, { x, y, w, h }, { colour, fill, line }) {
    context.fillStyle = fill;
    context.fillRect(x, y, w, h);
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.strokeRect(x, y, w, h);
  },
  handles: (shape, unit) => frameHandles(frameOf(shape), false, unit),
  pulled: (shape, handle, to, pull) => boxOf(pulledFrame(frameOf(shape), handle, to, pull)),
  shifted: (shape, dx, dy) => ({ ...shape, x: rounded(shape.x + dx), y: rounded(shape.y + dy) }),
  lines: (shape) => [{ points: corners(frameOf(shape)), closed: true }],
};

/** The box between two opposite corners. */
export function boxBetween([ax, ay]: Point, [bx, by]: Point): Box {
  const x = rounded(Math.min(ax, bx));
  const y = rounded(Math.min(ay, by));
  return { kind: "box", x, y, w: rounded(Math.max(ax, bx) - x), h: rounded(Math.max(ay, by) - y) };
}

function frameOf({ x, y, w, h }: Box): Frame {
  return { cx: x + w / 2, cy: y + h / 2, w, h, angle: 0 };
}

function boxOf({ cx, cy, w, h }: Frame): Box {
  return boxBetween([cx - w / 2, cy - h / 2], [cx + w / 2, cy + h / 2]);
}
