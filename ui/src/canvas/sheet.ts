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
  /** How long the last whole painting took, in milliseconds: cheap sheets are painted afresh in every frame of a zoom. */
  cost = 0;

  resize(stage: Size, dots: number): void {
    this.stage = stage;
    this.dots = dots;
    this.canvas.width = Math.ceil((stage.width + 2 * MARGIN) * dots);
    this.canvas.height = Math.ceil((stage.height + 2 * MARGIN) * dots);
    this.camera = null;
  }

  /** Whether the sheet shows the stage of this camera: exactly as if painted for it, stretched, or not all of it. */
  fit(camera: Camera): "exact" | "stretched" | "short" {
    const own = this.camera;
    if (!own || own.angle !== camera.angle) return "short";
    const ratio = camera.scale / own.scale;
    const [left, top] = this.offset(camera, own);
    const wide = (this.stage.width + 2 * MARGIN) * ratio;
    const high = (this.stage.height + 2 * MARGIN) * ratio;
    const covers = left <= 0 && top <= 0 && left + wide >= this.stage.width && top + high >= this.stage.height;
    if (!covers || ratio > 4) return "short";
    return ratio === 1 ? "exact" : "stretched";
  }

  paint(scene: Scene, camera: Camera, looks: Looks): void {
    const since = performance.now();
    const context = this.canvas.getContext("2d");
    if (!context) return;
    // On whole device pixels: blitted without smoothing later.
    this.camera = { ...camera };
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.paintShapes(context, scene, looks, shownOf(this.inner(), this.size()));
    this.cost = performance.now() - since;
  }

  /** Paints only what lies in a part of the image again. */
  mend(scene: Scene, looks: Looks, part: Box4): void {
    const context = this.canvas.getContext("2d");
    if (!context || !this.camera) return;
    const inner = this.inner();
    const unit = 1 / inner.scale;
    const room: Box4 = [
      part[0] - CHIP_WIDE * unit,
      part[1] - CHIP_WIDE * unit,
      part[2] + CHIP_WIDE * unit,
      part[3] + CHIP_WIDE * unit,
    ];
    const [left, top, right, bottom] = onStage(inner, part);
    context.save();
    context.setTransform(this.dots, 0, 0, this.dots, 0, 0);
    context.beginPath();
    // Chips stand above and to the right, lines and points reach over the edge.
    context.rect(
      Math.floor(left - 8),
      Math.floor(top - CHIP_ROOM),
      Math.ceil(Math.max(right - left + 16, CHIP_WIDE)),
      Math.ceil(bottom - top + CHIP_ROOM + 8),
    );
    context.clip();
    context.clearRect(-1, -1, this.canvas.width + 2, this.canvas.height + 2);
    this.paintShapes(context, scene, looks, room);
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
