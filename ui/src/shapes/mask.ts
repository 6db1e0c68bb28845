// The mask: pixels. Each is painted once onto a small canvas of its own and then only blitted.
import { type Mask, maskArea, maskHolds } from "../model/masks";
import type { ShapeKind } from "./kind";

interface Painted {
  colour: string;
  canvas: HTMLCanvasElement;
  /** Where the canvas lies on the image. */
  x: number;
  y: number;
}

const painted = new Map<Mask, Painted>();
let pixels = 0;
const MOST_PIXELS = 48e6;

export const mask: ShapeKind<Mask> = {
  bounds: ({ x, y, w, h }) => [x, y, x + w, y + h],
  area: (shape) => maskArea(shape),
  hit: (shape, [x, y]) => maskHolds(shape, x, y),
  draw(context, shape, { colour, chosen }) {
    context.globalAlpha = chosen ? 0.6 : 0.45;
    const { canvas, x, y } = paintedOf(shape, colour);
    // Of a canvas larger than the patch only the patch: it may belong to a mask still at work.
    context.drawImage(canvas, shape.x - x, shape.y - y, shape.w, shape.h, shape.x, shape.y, shape.w, shape.h);
    context.globalAlpha = 1;
  },
  handles: () => [],
  pulled: (shape) => shape,
  /** Whole pixels, and never over the left or upper edge of the image: a patch begins at 0 or later. */
  shifted: (shape, dx, dy) => ({
    ...shape,
    x: Math.max(0, Math.round(shape.x + dx)),
    y: Math.max(0, Math.round(shape.y + dy)),
  }),
  lines: () => [],
};

function paintedOf(shape: Mask, colour: string): Painted {
  const known = painted.get(shape);
  if (known?.colour === colour) {
    painted.delete(shape); // the last one used is the last to go
    painted.set(shape, known);
    return known;
  }
  const canvas = document.createElement("canvas");
  canvas.width = shape.w;
  canvas.height = shape.h;
  const context = canvas.getContext("2d");
  if (context) putPixels(context, shape, colour, 0, 0);
  const fresh = { colour, canvas, x: shape.x, y: shape.y };
  keep(shape, fresh);
  return fresh;
}

/** A canvas as large as the image that already shows a mask: it is not painted again. */
export function adoptPainted(shape: Mask, colour: string, canvas: HTMLCanvasElement): void {
  keep(shape, { colour, canvas, x: 0, y: 0 });
}

/** A mask's canvas is about to show something else. */
export function forgetPainted(shape: Mask): void {
  const known = painted.get(shape);
  if (known && painted.delete(shape)) pixels -= known.canvas.width * known.canvas.height;
}

/** Paints a mask in its place on a canvas as large as the image. */
export function paintInto(context: CanvasRenderingContext2D, shape: Mask, colour: string): void {
  const known = painted.get(shape);
  if (known?.colour !== colour) putPixels(context, shape, colour, shape.x, shape.y);
  else {
    const { canvas, x, y } = known;
    context.drawImage(canvas, shape.x - x, shape.y - y, shape.w, shape.h, shape.x, shape.y, shape.w, shape.h);
  }
}

function keep(shape: Mask, entry: Painted): void {
  forgetPainted(shape);
  painted.set(shape, entry);
  pixels += entry.canvas.width * entry.canvas.height;
  for (const old of painted.keys()) {
    if (pixels <= MOST_PIXELS || old === shape) break;
    forgetPainted(old);
  }
}

function putPixels(context: CanvasRenderingContext2D, shape: Mask, colour: string, x: number, y: number): void {
  const image = context.createImageData(shape.w, shape.h);
  const words = new Uint32Array(image.data.buffer);
  const word = pixelWord(colour);
  let place = 0;
  for (const [at, count] of shape.counts.entries()) {
    if (at % 2 === 1) words.fill(word, place, place + count);
    place += count;
  }
  context.putImageData(image, x, y);
}

/** #rrggbb as one opaque pixel of image data, whichever way round this machine keeps bytes. */
function pixelWord(colour: string): number {
  const value = Number.parseInt(colour.slice(1), 16);
  const bytes = new Uint8Array([value >> 16, (value >> 8) & 255, value & 255, 255]);
  return new Uint32Array(bytes.buffer)[0] ?? 0;
}
