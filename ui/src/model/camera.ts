// The camera of the drawing board: where the image lies on the stage, how large and how turned. Lengths in CSS pixels.
import type { Point } from "./shape";
import type { Size } from "./view";

export interface Camera {
  /** CSS pixels per image pixel. */
  scale: number;
  /** Degrees, clockwise. */
  angle: number;
  /** Where the image's top left corner lies on the stage. */
  x: number;
  y: number;
}

const MOST = 64;
const LEAST_OF_FIT = 0.25;
const MUST_SHOW = 48;

export function toStage(camera: Camera, [x, y]: Point): Point {
  const [cos, sin] = turn(camera);
  return [camera.x + cos * x - sin * y, camera.y + sin * x + cos * y];
}

export function toImage(camera: Camera, [x, y]: Point): Point {
  const [cos, sin] = turn(camera);
  const square = camera.scale * camera.scale;
  const dx = x - camera.x;
  const dy = y - camera.y;
  return [(cos * dx + sin * dy) / square, (cos * dy - sin * dx) / square];
}

/** As the six numbers of a canvas transform, for a canvas of `dots` device pixels per CSS pixel. */
export function matrix(camera: Camera, dots = 1): [number, number, number, number, number, number] {
  const [cos, sin] = turn(camera);
  return [cos * dots, sin * dots, -sin * dots, cos * dots, camera.x * dots, camera.y * dots];
}

/** Scale times cosine and sine; right angles exactly, so that pixels stay squares on the grid. */
function turn({ scale, angle }: Camera): [number, number] {
  const quarter = (((angle / 90) % 4) + 4) % 4;
  if (Number.isInteger(quarter)) {
    return [[scale, 0, -scale, 0][quarter] ?? scale, [0, scale, 0, -scale][quarter] ?? 0];
  }
  const radians = (angle * Math.PI) / 180;
  return [scale * Math.cos(radians), scale * Math.sin(radians)];
}

/** The whole image in the middle, as large as it can be. */
export function fittedCamera(stage: Size, image: Size, angle = 0, margin = 0): Camera {
  const upright = { scale: 1, angle, x: 0, y: 0 };
  const { width, height } = extent(upright, image);
  const scale = Math.min((stage.width - 2 * margin) / width, (stage.height - 2 * margin) / height);
  return around({ ...upright, scale: Math.max(scale, 1e-4) }, [image.width / 2, image.height / 2], middle(stage));
}

/** Puts a point of the image on a point of the stage. */
export function around(camera: Camera, point: Point, at: Point): Camera {
  const [x, y] = toStage(camera, point);
  return { ...camera, x: camera.x + at[0] - x, y: camera.y + at[1] - y };
}

/** Zooms by a factor; what lies at `at` stays there. */
export function zoomedCamera(camera: Camera, factor: number, at: Point, stage: Size, image: Size): Camera {
  const fit = fittedCamera(stage, image, camera.angle).scale;
  const scale = Math.min(Math.max(camera.scale * factor, fit * LEAST_OF_FIT), Math.max(MOST, fit));
  return heldCamera(around({ ...camera, scale }, toImage(camera, at), at), stage, image);
}

export function movedCamera(camera: Camera, dx: number, dy: number, stage: Size, image: Size): Camera {
  return heldCamera({ ...camera, x: camera.x + dx, y: camera.y + dy }, stage, image);
}

/** Turns the view around the middle of the stage. */
export function turnedCamera(camera: Camera, angle: number, stage: Size): Camera {
  const centre = toImage(camera, middle(stage));
  return around({ ...camera, angle: ((angle % 360) + 360) % 360 }, centre, middle(stage));
}

/** A rectangle of the image in the middle, with room around it; not larger than `most`. */
export function focusedCamera(camera: Camera, box: Box4, stage: Size, image: Size, most = 8): Camera {
  const [left, top, right, bottom] = box;
  const size = extent({ ...camera, scale: 1 }, { width: right - left, height: bottom - top });
  const room = 0.5;
  const scale = Math.min(
    (stage.width * room) / Math.max(size.width, 1),
    (stage.height * room) / Math.max(size.height, 1),
  );
  const fit = fittedCamera(stage, image, camera.angle).scale;
  const bounded = Math.min(Math.max(scale, fit), Math.max(most, fit));
  return around({ ...camera, scale: bounded }, [(left + right) / 2, (top + bottom) / 2], middle(stage));
}

/** Left, top, right, bottom. */
export type Box4 = readonly [number, number, number, number];

/** What the stage shows of the image's plane: the smallest upright rectangle around it, in image pixels. */
export function shownOf(camera: Camera, stage: Size): Box4 {
  const corners: Point[] = [
    [0, 0],
    [stage.width, 0],
    [stage.width, stage.height],
    [0, stage.height],
  ];
  const points = corners.map((corner) => toImage(camera, corner));
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** The image may leave the stage, but a strip of it stays. */
function heldCamera(camera: Camera, stage: Size, image: Size): Camera {
  const { left, top, width, height } = extent(camera, image);
  const showX = Math.min(MUST_SHOW, width);
  const showY = Math.min(MUST_SHOW, height);
  const x = Math.min(Math.max(left, showX - width), stage.width - showX);
  const y = Math.min(Math.max(top, showY - height), stage.height - showY);
  return { ...camera, x: camera.x + x - left, y: camera.y + y - top };
}

/** The upright rectangle on the stage around the image. */
function extent(camera: Camera, image: Size): { left: number; top: number; width: number; height: number } {
  const corners: Point[] = [
    [0, 0],
    [image.width, 0],
    [image.width, image.height],
    [0, image.height],
  ];
  const points = corners.map((corner) => toStage(camera, corner));
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const left = Math.min(...xs);
  const top = Math.min(...ys);
  return { left, top, width: Math.max(...xs) - left, height: Math.max(...ys) - top };
}

function middle(stage: Size): Point {
  return [stage.width / 2, stage.height / 2];
}
