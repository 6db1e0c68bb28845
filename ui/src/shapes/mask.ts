// The mask: pixels. Each is painted once onto a small canvas of its own and then only blitted.
import { type Mask, maskArea, maskHolds } from "../model/masks";
import type { ShapeKind } from "./kind";

interface Painted {
  colour: string;
  canvas: HTMLCanvasElement;
}

const painted = new Map<Mask, Painted>();
let pixels = 0;
const MOST_PIXELS = 48e6;

export const mask: ShapeKind<Mask> = {
  bounds: ({ x, y, w, h }) => [x, y, x + w, y + h],
  area: (shape) => maskArea(shape),
  hit: (shape, [x, y]) => maskHolds(shape, x, y),
  draw(context, shape, { colour }) {
    context.globalAlpha = 0.45;
    context.drawImage(canvasOf(shape, colour), shape.x, shape.y);
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

function canvasOf(shape: Mask, colour: string): HTMLCanvasElement {
  const known = painted.get(shape);
  if (known?.colour === colour) {
    painted.delete(shape); // the last one used is the last to go
    painted.set(shape, known);
    return known.canvas;
  }
  if (known) forget(shape);
  const canvas = paintedMask(shape, colour);
  painted.set(shape, { colour, canvas });
  pixels += shape.w * shape.h;
  for (const old of painted.keys()) {
    if (pixels <= MOST_PIXELS || old === shape) break;
    forget(old);
  }
  return canvas;
}

function forget(shape: Mask): void {
  if (painted.delete(shape)) pixels -= shape.w * shape.h;
}

function paintedMask(shape: Mask, colour: string): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = shape.w;
  canvas.height = shape.h;
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  const image = context.createImageData(shape.w, shape.h);
  const words = new Uint32Array(image.data.buffer);
  const word = pixelWord(colour);
  let place = 0;
  for (const [at, count] of shape.counts.entries()) {
    if (at % 2 === 1) words.fill(word, place, place + count);
    place += count;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** #rrggbb as one opaque pixel of image data, whichever way round this machine keeps bytes. */
export function pixelWord(colour: string): number {
  const value = Number.parseInt(colour.slice(1), 16);
  const bytes = new Uint8Array([value >> 16, (value >> 8) & 255, value & 255, 255]);
  return new Uint32Array(bytes.buffer)[0] ?? 0;
}
