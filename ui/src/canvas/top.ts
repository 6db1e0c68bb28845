// The upper layer: what is at work right now, its handles, the choosing rectangle and the crosshair.
import { type Camera, matrix, toStage } from "../model/camera";
import type { Point } from "../model/shape";
import type { Size } from "../model/view";
import { drawShape } from "../shapes/kinds";
import type { Draft } from "../tools/tool";
import type { Looks } from "./looks";
import { drawChip, drawOne } from "./sheet";

const HANDLE = 4;
const CLOSE = 14;

export interface Upper {
  draft: Draft;
  selection: ReadonlySet<string>;
  undecided: ReadonlySet<string>;
  classId: number | null;
  /** Where the crosshair is, on the stage. */
  cross: Point | null;
}

export function paintUpper(
  context: CanvasRenderingContext2D,
  { draft, selection, undecided, classId, cross }: Upper,
  camera: Camera,
  looks: Looks,
  stage: Size,
): void {
  const { dots } = looks;
  const unit = 1 / camera.scale;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.setTransform(...matrix(camera, dots));
  for (const shape of draft.shapes ?? []) drawOne(context, shape, { selection, undecided }, looks, camera);
  const paint = looks.paint(classId ?? 0, unit, true);
  if (draft.geometry) drawShape(context, draft.geometry, paint);
  context.setTransform(dots, 0, 0, dots, 0, 0);
  for (const shape of draft.shapes ?? []) drawChip(context, shape, { selection, undecided }, looks, camera);
  if (draft.open) openLine(context, draft.open, camera, paint.colour);
  handles(context, draft, camera);
  if (draft.band) band(context, draft.band, camera);
  if (cross) crosshair(context, cross, stage);
}

function openLine(context: CanvasRenderingContext2D, points: readonly Point[], camera: Camera, colour: string): void {
  context.beginPath();
  for (const [at, point] of points.entries()) {
    const [x, y] = toStage(camera, point);
    if (at === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.lineWidth = 2.5;
  context.strokeStyle = colour;
  context.stroke();
}

/** Squares for points, small discs for what makes new ones or moves a side; none where they would lie on each other. */
function handles(context: CanvasRenderingContext2D, { handles: all = [], active }: Draft, camera: Camera): void {
  let before: Point | null = null;
  context.lineWidth = 1.5;
  for (const [at, handle] of all.entries()) {
    const [x, y] = toStage(camera, handle.at);
    if (Number.isNaN(x)) continue;
    const crowded = before !== null && Math.hypot(x - before[0], y - before[1]) < CLOSE;
    if (crowded && all.length > 40 && at !== active) continue;
    if (crowded && handle.role === "middle") continue;
    before = [x, y];
    const size = at === active ? HANDLE + 2 : handle.role === "vertex" || handle.role === "turn" ? HANDLE : HANDLE - 1;
    context.beginPath();
    if (handle.role === "vertex") context.rect(x - size, y - size, 2 * size, 2 * size);
    else context.arc(x, y, size, 0, 2 * Math.PI);
    context.fillStyle = at === active ? "#ffd60a" : handle.role === "middle" ? "rgb(255 255 255 / 65%)" : "#ffffff";
    context.fill();
    context.strokeStyle = "#1b1c1e";
    context.stroke();
  }
}

function band(context: CanvasRenderingContext2D, [from, to]: readonly [Point, Point], camera: Camera): void {
  const [ax, ay] = toStage(camera, from);
  const [bx, by] = toStage(camera, to);
  context.fillStyle = "rgb(138 180 248 / 18%)";
  context.strokeStyle = "#8ab4f8";
  context.lineWidth = 1;
  context.fillRect(ax, ay, bx - ax, by - ay);
  context.strokeRect(ax, ay, bx - ax, by - ay);
}

/** Dark beside light: seen on every image. */
function crosshair(context: CanvasRenderingContext2D, [x, y]: Point, stage: Size): void {
  const column = Math.round(x);
  const row = Math.round(y);
  context.fillStyle = "rgb(0 0 0 / 55%)";
  context.fillRect(0, row, stage.width, 1);
  context.fillRect(column, 0, 1, stage.height);
  context.fillStyle = "rgb(255 255 255 / 75%)";
  context.fillRect(0, row - 1, stage.width, 1);
  context.fillRect(column - 1, 0, 1, stage.height);
}
