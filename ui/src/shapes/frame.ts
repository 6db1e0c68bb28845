// A rectangle of any direction: what boxes, rotated boxes and ellipses are held by. Eight handles, and one to turn it.
import { plainAngle, rounded, turned } from "../model/geometry";
import type { Point } from "../model/shape";
import type { Handle, Pull } from "./kind";

export interface Frame {
  cx: number;
  cy: number;
  w: number;
  h: number;
  angle: number;
}

/** Corners from the top left clockwise, as -1, 0, 1 of half the size; then the sides from the top. */
const SPOTS: readonly Point[] = [
  [-1, -1],
  [1, -1],
  [1, 1],
  [-1, 1],
  [0, -1],
  [1, 0],
  [0, 1],
  [-1, 0],
];
export const TURN = 8;
const TURN_AWAY = 24;
const STEP = 15;
const LEAST = 0.01;

export function corners(frame: Frame): [Point, Point, Point, Point] {
  return [0, 1, 2, 3].map((at) => spot(frame, SPOTS[at] as Point)) as [Point, Point, Point, Point];
}

function spot({ cx, cy, w, h, angle }: Frame, [sx, sy]: Point): Point {
  return turned([cx + (sx * w) / 2, cy + (sy * h) / 2], angle, [cx, cy]);
}

export function frameHandles(frame: Frame, turns: boolean, unit: number): Handle[] {
  const held: Handle[] = SPOTS.map((place, at) => ({ at: spot(frame, place), role: at < 4 ? "vertex" : "side" }));
  if (turns) {
    const above: Point = [frame.cx, frame.cy - frame.h / 2 - TURN_AWAY * unit];
    held.push({ at: turned(above, frame.angle, [frame.cx, frame.cy]), role: "turn" });
  }
  return held;
}

/** The frame after one of its handles went to a point; the opposite corner or side stays. */
export function pulledFrame(frame: Frame, handle: number, to: Point, { shift }: Pull): Frame {
  if (handle === TURN) {
    const angle = (Math.atan2(to[1] - frame.cy, to[0] - frame.cx) * 180) / Math.PI + 90;
    return { ...frame, angle: rounded(plainAngle(shift ? Math.round(angle / STEP) * STEP : angle)) };
  }
  const [sx, sy] = SPOTS[handle] ?? [0, 0];
  const centre: Point = [frame.cx, frame.cy];
  const [px, py] = turned(to, -frame.angle, centre);
  // In the frame's own directions: where the fixed side lies and where the pulled one goes.
  const fixedX = frame.cx - (sx * frame.w) / 2;
  const fixedY = frame.cy - (sy * frame.h) / 2;
  let dx = sx === 0 ? frame.w : px - fixedX;
  let dy = sy === 0 ? frame.h : py - fixedY;
  if (shift && sx !== 0 && sy !== 0) {
    const grow = Math.max(Math.abs(dx) / frame.w, Math.abs(dy) / frame.h);
    dx = Math.sign(dx || sx) * frame.w * grow;
    dy = Math.sign(dy || sy) * frame.h * grow;
  }
  const local: Point = [sx === 0 ? frame.cx : fixedX + dx / 2, sy === 0 ? frame.cy : fixedY + dy / 2];
  const [cx, cy] = turned(local, frame.angle, centre);
  return { cx, cy, w: Math.max(LEAST, Math.abs(dx)), h: Math.max(LEAST, Math.abs(dy)), angle: frame.angle };
}
