// The box of any direction.
import { boundsOf, inRings, nearLine, rounded } from "../model/geometry";
import type { GeometryOf } from "../model/shape";
import { corners, type Frame, frameHandles, pulledFrame } from "./frame";
import type { ShapeKind } from "./kind";

type Rotated = GeometryOf<"rotated">;

export const rotated: ShapeKind<Rotated> = {
  bounds: (shape) => boundsOf(corners(shape)),
  area: ({ w, h }) => w * h,
  hit(shape, point, reach) {
    const ring = corners(shape);
    return inRings([ring], point) || nearLine(ring, true, point, reach);
  },
  draw(context, shape, { colour, fill, line }) {
    context.beginPath();
    for (const [at, [x, y]] of corners(shape).entries()) {
      if (at === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    context.closePath();
    context.fillStyle = fill;
    context.fill();
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.stroke();
  },
  handles: (shape, unit) => frameHandles(shape, true, unit),
  pulled: (shape, handle, to, pull) => rotatedOf(pulledFrame(shape, handle, to, pull)),
  shifted: (shape, dx, dy) => ({ ...shape, cx: rounded(shape.cx + dx), cy: rounded(shape.cy + dy) }),
  lines: (shape) => [{ points: corners(shape), closed: true }],
};

export function rotatedOf({ cx, cy, w, h, angle }: Frame): Rotated {
  return { kind: "rotated", cx: rounded(cx), cy: rounded(cy), w: rounded(w), h: rounded(h), angle: rounded(angle) };
}
