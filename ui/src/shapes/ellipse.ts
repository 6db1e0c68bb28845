// The ellipse, held by the rotated box around it.
import { rounded, turned } from "../model/geometry";
import type { GeometryOf, Point } from "../model/shape";
import { type Frame, frameHandles, pulledFrame } from "./frame";
import type { ShapeKind } from "./kind";

type Ellipse = GeometryOf<"ellipse">;

const CORNERS_FOR_SNAPPING = 48;

export const ellipse: ShapeKind<Ellipse> = {
  bounds({ cx, cy, rx, ry, angle }) {
    const radians = (angle * Math.PI) / 180;
    const x = Math.hypot(rx * Math.cos(radians), ry * Math.sin(radians));
    const y = Math.hypot(rx * Math.sin(radians), ry * Math.cos(radians));
    return [cx - x, cy - y, cx + x, cy + y];
  },
  area: ({ rx, ry }) => Math.PI * rx * ry,
  hit({ cx, cy, rx, ry, angle }, point, reach) {
    const [x, y] = turned(point, -angle, [cx, cy]);
    return ((x - cx) / (rx + reach)) ** 2 + ((y - cy) / (ry + reach)) ** 2 <= 1;
  },
  draw(context, { cx, cy, rx, ry, angle }, { colour, fill, line }) {
    context.beginPath();
    context.ellipse(cx, cy, rx, ry, (angle * Math.PI) / 180, 0, 2 * Math.PI);
    context.fillStyle = fill;
    context.fill();
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.stroke();
  },
  handles: (shape, unit) => frameHandles(frameOf(shape), true, unit),
  pulled: (shape, handle, to, pull) => ellipseOf(pulledFrame(frameOf(shape), handle, to, pull)),
  shifted: (shape, dx, dy) => ({ ...shape, cx: rounded(shape.cx + dx), cy: rounded(shape.cy + dy) }),
  lines({ cx, cy, rx, ry, angle }) {
    const points = Array.from({ length: CORNERS_FOR_SNAPPING }, (_, at): Point => {
      const turn = (at / CORNERS_FOR_SNAPPING) * 2 * Math.PI;
      return turned([cx + rx * Math.cos(turn), cy + ry * Math.sin(turn)], angle, [cx, cy]);
    });
    return [{ points, closed: true }];
  },
};

function frameOf({ cx, cy, rx, ry, angle }: Ellipse): Frame {
  return { cx, cy, w: 2 * rx, h: 2 * ry, angle };
}

export function ellipseOf({ cx, cy, w, h, angle }: Frame): Ellipse {
  const [rx, ry] = [Math.max(0.01, rounded(w / 2)), Math.max(0.01, rounded(h / 2))];
  return { kind: "ellipse", cx: rounded(cx), cy: rounded(cy), rx, ry, angle: rounded(angle) };
}
