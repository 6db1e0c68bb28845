// The upper layer: what is at work right now, its handles, the choosing rectangle and the crosshair.
import { type Box4, type Camera, matrix, shownOf, toStage } from "../model/camera";
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
  /** Where the pointer snapped to, on the image. */
  snap: Point | null;
}

/** `part` is what changed, in CSS pixels of the stage; null for all of it. */
export function paintUpper(
  context: CanvasRenderingContext2D,
  upper: Upper,
  camera: Camera,
  looks: Looks,
  stage: Size,
  part: Box4 | null,
): void {
  const { dots } = looks;
  context.setTransform(dots, 0, 0, dots, 0, 0);
  if (!part) {
    context.clearRect(0, 0, stage.width + 1, stage.height + 1);
    paintAll(context, upper, camera, looks, stage);
    return;
  }
  const [left, top, right, bottom] = part.map((edge, at) => (at < 2 ? Math.floor(edge) : Math.ceil(edge))) as [
    number,
    number,
    number,
    number,
  ];
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  context.clearRect(left, top, right - left, bottom - top);
  paintAll(context, upper, camera, looks, stage, [left, top, right, bottom]);
  context.restore();
}

function paintAll(
  context: CanvasRenderingContext2D,
  { draft, selection, undecided, classId, cross, snap }: Upper,
  camera: Camera,
  looks: Looks,
  stage: Size,
  part?: Box4,
): void {
  const { dots } = looks;
  const unit = 1 / camera.scale;
  context.setTransform(...matrix(camera, dots));
  if (draft.pixels) pixels(context, draft.pixels.canvas, camera, dots, part);
  for (const shape of draft.shapes ?? []) drawOne(context, shape, { selection, undecided }, looks, camera);
  const paint = looks.paint(classId ?? 0, unit, true);
  if (draft.geometry) drawShape(context, draft.geometry, paint);
  context.setTransform(dots, 0, 0, dots, 0, 0);
  for (const shape of draft.shapes ?? []) drawChip(context, shape, { selection, undecided }, looks, camera);
  for (const line of draft.lines ?? []) openLine(context, line.points, camera, line.inside ? "#30d158" : "#ff453a");
  if (draft.open) openLine(context, draft.open, camera, paint.colour);
  handles(context, draft, camera);
  if (draft.band) band(context, draft.band, camera);
  if (snap) snapMark(context, toStage(camera, snap));
  if (draft.ring) ring(context, toStage(camera, draft.ring.at), draft.ring.radius * camera.scale);
  if (cross) crosshair(context, cross, stage);
}

/** A mask at work: only what lies on the stage, or in the part that changed, is read. */
function pixels(
  context: CanvasRenderingContext2D,
  canvas: HTMLCanvasElement,
  camera: Camera,
  dots: number,
  part?: Box4,
) {
  const [left, top, right, bottom] = part
    ? onImage(camera, part)
    : shownOf(camera, { width: context.canvas.width / dots, height: context.canvas.height / dots });
  const x = Math.max(0, Math.floor(left) - 2);
  const y = Math.max(0, Math.floor(top) - 2);
  const w = Math.min(canvas.width, Math.ceil(right) + 2) - x;
  const h = Math.min(canvas.height, Math.ceil(bottom) + 2) - y;
  if (w <= 0 || h <= 0) return;
  context.imageSmoothingEnabled = camera.scale * dots < 3;
  context.globalAlpha = 0.6;
  context.drawImage(canvas, x, y, w, h, x, y, w, h);
  context.globalAlpha = 1;
}

function onImage(camera: Camera, [left, top, right, bottom]: Box4): Box4 {
  const moved = { ...camera, x: camera.x - left, y: camera.y - top };
  return shownOf(moved, { width: right - left, height: bottom - top });
}

function ring(context: CanvasRenderingContext2D, [x, y]: Point, radius: number): void {
  context.beginPath();
  context.arc(x, y, Math.max(1, radius), 0, 2 * Math.PI);
  context.lineWidth = 3;
  context.strokeStyle = "rgb(0 0 0 / 55%)";
  context.stroke();
  context.lineWidth = 1.25;
  context.strokeStyle = "#ffffff";
  context.stroke();
}

function snapMark(context: CanvasRenderingContext2D, [x, y]: Point): void {
  context.beginPath();
  context.arc(x, y, 6, 0, 2 * Math.PI);
  context.lineWidth = 2;
  context.strokeStyle = "#ffd60a";
  context.stroke();
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
