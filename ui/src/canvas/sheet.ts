// The sheet: all shapes not at work, painted once onto a bitmap larger than the stage, then blitted while the view moves.
import { type Box4, type Camera, matrix, shownOf, toStage } from "../model/camera";
import { overlap } from "../model/geometry";
import type { Shape } from "../model/shape";
import type { Size } from "../model/view";
import { boundsOfShape, drawShape } from "../shapes/kinds";
import type { Looks } from "./looks";

export interface Scene {
  /** From the bottom to the top, only those to be shown. */
  shapes: readonly Shape[];
  selection: ReadonlySet<string>;
  undecided: ReadonlySet<string>;
  /** Drawn on the upper layer, so not here. */
  without: ReadonlySet<string>;
}

/** CSS pixels beyond the stage on each side: so far the view moves before the sheet is painted again. */
const MARGIN = 192;
/** So much larger or smaller it may be shown while the view moves. */
const STRETCH = 5;
const EDGE = 8;
/** Shapes smaller than this on the screen have no chip unless chosen. */
const CHIP_FROM = 28;
/** Device pixels per image pixel from which masks show their pixels. */
const PIXELS_FROM = 3;
const CHIP_ROOM = 22;
const CHIP_WIDE = 260;

export class Sheet {
  private readonly canvas = document.createElement("canvas");
  private camera: Camera | null = null;
  private stage: Size = { width: 0, height: 0 };
  private dots = 1;

  resize(stage: Size, dots: number): void {
    this.stage = stage;
    this.dots = dots;
    this.canvas.width = Math.ceil((stage.width + 2 * MARGIN) * dots);
    this.canvas.height = Math.ceil((stage.height + 2 * MARGIN) * dots);
    this.camera = null;
  }

  /** Whether the sheet shows what the stage does of the image: as if painted for it, moved or stretched, or not all of it. */
  fit(camera: Camera, image: Size): "exact" | "moved" | "stretched" | "short" {
    const own = this.camera;
    if (!own || own.angle !== camera.angle) return "short";
    const ratio = camera.scale / own.scale;
    const [left, top] = this.offset(camera, own);
    const { width, height } = this.size();
    const [x0, y0, x1, y1] = onStage(camera, [0, 0, image.width, image.height]);
    const { stage } = this;
    // Nothing is missed where there is no image.
    const covers =
      left <= Math.max(0, x0) &&
      top <= Math.max(0, y0) &&
      left + width * ratio >= Math.min(stage.width, x1) &&
      top + height * ratio >= Math.min(stage.height, y1);
    if (ratio !== 1) return covers && ratio < STRETCH && ratio > 1 / STRETCH ? "stretched" : "short";
    if (!covers)
      return Math.abs(left + MARGIN) < stage.width && Math.abs(top + MARGIN) < stage.height ? "moved" : "short";
    return "exact";
  }

  /** Whether all of the image is on it. */
  holds(image: Size): boolean {
    if (!this.camera) return false;
    const { width, height } = this.size();
    const [left, top, right, bottom] = onStage(this.inner(), [0, 0, image.width, image.height]);
    return left >= 0 && top >= 0 && right <= width && bottom <= height;
  }

  /** What it shows is no longer so. */
  forget(): void {
    this.camera = null;
  }

  /** After the view moved at the same scale: what is painted moves along, and only the strips that came into sight are painted. */
  scroll(scene: Scene, camera: Camera, looks: Looks): void {
    const context = this.canvas.getContext("2d");
    const own = this.camera;
    if (!context || !own) return;
    const dx = Math.round((camera.x - own.x) * this.dots);
    const dy = Math.round((camera.y - own.y) * this.dots);
    this.camera = { ...own, x: own.x + dx / this.dots, y: own.y + dy / this.dots };
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalCompositeOperation = "copy";
    context.drawImage(this.canvas, dx, dy);
    context.globalCompositeOperation = "source-over";
    const { width, height } = this.canvas;
    if (dx !== 0) this.patch(context, scene, looks, dx > 0 ? 0 : width + dx, 0, Math.abs(dx), height);
    if (dy !== 0) this.patch(context, scene, looks, 0, dy > 0 ? 0 : height + dy, width, Math.abs(dy));
  }

  paint(scene: Scene, camera: Camera, looks: Looks): void {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    // On whole device pixels: blitted without smoothing later.
    this.camera = { ...camera };
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.paintShapes(context, scene, looks, shownOf(this.inner(), this.size()));
  }

  /** Paints only what lies in a part of the image again. */
  mend(scene: Scene, looks: Looks, part: Box4): void {
    const context = this.canvas.getContext("2d");
    if (!context || !this.camera) return;
    const [left, top, right, bottom] = onStage(this.inner(), part);
    // Chips stand above and to the right, lines and points reach over the edge.
    const x = Math.floor((left - EDGE) * this.dots);
    const y = Math.floor((top - CHIP_ROOM) * this.dots);
    const w = Math.ceil(Math.max(right - left + 2 * EDGE, CHIP_WIDE) * this.dots);
    this.patch(context, scene, looks, x, y, w, Math.ceil((bottom - top + CHIP_ROOM + EDGE) * this.dots));
  }

  /** Paints a rectangle of the sheet's own pixels again. */
  private patch(
    context: CanvasRenderingContext2D,
    scene: Scene,
    looks: Looks,
    x: number,
    y: number,
    w: number,
    h: number,
  ): void {
    const inner = this.inner();
    const { dots } = this;
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.beginPath();
    context.rect(x, y, w, h);
    context.clip();
    context.clearRect(x, y, w, h);
    const size = { width: w / dots, height: h / dots };
    const [left, top, right, bottom] = shownOf({ ...inner, x: inner.x - x / dots, y: inner.y - y / dots }, size);
    const unit = 1 / inner.scale;
    // Shapes whose chips or lines reach into it.
    const near: Box4 = [left - CHIP_WIDE * unit, top - EDGE * unit, right + EDGE * unit, bottom + CHIP_WIDE * unit];
    const turned: Box4 = [near[0], top - CHIP_WIDE * unit, right + CHIP_WIDE * unit, near[3]];
    this.paintShapes(
      context,
      scene,
      looks,
      inner.angle === 0 ? [near[0], near[1], near[2], bottom + CHIP_ROOM * unit] : turned,
    );
    context.restore();
  }

  blit(context: CanvasRenderingContext2D, camera: Camera): void {
    const own = this.camera;
    if (!own) return;
    const [left, top] = this.offset(camera, own);
    const ratio = camera.scale / own.scale;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.imageSmoothingEnabled = ratio !== 1;
    context.imageSmoothingQuality = "low";
    const { dots } = this;
    if (ratio === 1) context.drawImage(this.canvas, Math.round(left * dots), Math.round(top * dots));
    else {
      context.drawImage(this.canvas, left * dots, top * dots, this.canvas.width * ratio, this.canvas.height * ratio);
    }
  }

  private paintShapes(context: CanvasRenderingContext2D, scene: Scene, looks: Looks, part: Box4): void {
    const inner = this.inner();
    const shown = scene.shapes.filter(
      (shape) => !scene.without.has(shape.id) && overlap(boundsOfShape(shape.geometry), part),
    );
    context.setTransform(...matrix(inner, this.dots));
    context.imageSmoothingEnabled = inner.scale * this.dots < PIXELS_FROM;
    for (const shape of shown) drawOne(context, shape, scene, looks, inner);
    context.setTransform(this.dots, 0, 0, this.dots, 0, 0);
    for (const shape of shown) drawChip(context, shape, scene, looks, inner);
  }

  /** The sheet's own camera: its upper left corner is the margin away from the stage's. */
  private inner(): Camera {
    const own = this.camera ?? { scale: 1, angle: 0, x: 0, y: 0 };
    return { ...own, x: own.x + MARGIN, y: own.y + MARGIN };
  }

  private size(): Size {
    return { width: this.stage.width + 2 * MARGIN, height: this.stage.height + 2 * MARGIN };
  }

  /** Where the sheet's upper left corner lies on the stage of a camera. */
  private offset(camera: Camera, own: Camera): [number, number] {
    const ratio = camera.scale / own.scale;
    return [camera.x - (own.x + MARGIN) * ratio, camera.y - (own.y + MARGIN) * ratio];
  }
}

/** One shape under the camera's transform. */
export function drawOne(
  context: CanvasRenderingContext2D,
  shape: Shape,
  scene: Pick<Scene, "selection" | "undecided">,
  looks: Looks,
  camera: Camera,
): void {
  const unit = 1 / camera.scale;
  const waiting = scene.undecided.has(shape.id);
  if (waiting) context.setLineDash(looks.dash(unit));
  drawShape(context, shape.geometry, looks.paint(shape.class_id, unit, scene.selection.has(shape.id)));
  if (waiting) context.setLineDash([]);
}

/** The chip at a shape's upper left corner: above it, or within where the image ends. */
export function drawChip(
  context: CanvasRenderingContext2D,
  shape: Shape,
  scene: Pick<Scene, "selection" | "undecided">,
  looks: Looks,
  camera: Camera,
): void {
  const bounds = boundsOfShape(shape.geometry);
  const [left, top, right, bottom] = onStage(camera, bounds);
  if (Math.max(right - left, bottom - top) < CHIP_FROM && !scene.selection.has(shape.id)) return;
  const chip = looks.chip(shape, scene.undecided.has(shape.id));
  const within = camera.angle === 0 && bounds[1] * camera.scale < chip.height;
  const y = within ? top : top - chip.height;
  context.drawImage(chip.canvas, Math.round(left - 1), Math.round(y), chip.width, chip.height);
}

/** The upright rectangle on the stage around a rectangle of the image. */
export function onStage(camera: Camera, [left, top, right, bottom]: Box4): Box4 {
  const points = [
    toStage(camera, [left, top]),
    toStage(camera, [right, top]),
    toStage(camera, [right, bottom]),
    toStage(camera, [left, bottom]),
  ];
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
