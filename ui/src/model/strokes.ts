// A mask while it is painted: a byte for every pixel of the image, and the same pixels on a canvas. Strokes are exact to the pixel.
import type { Box4 } from "./camera";
import { type Mask, maskOf, stamp } from "./masks";
import type { Point } from "./shape";
import type { Size } from "./view";

/** One row of a stroke: pixels from left to right, the right one not included. */
type Span = (row: number, left: number, right: number) => void;

/**
 * The pixels whose centres lie at most `radius` from the segment a-b, row by row. The shape is convex, so each row has one
 * span: from the leftmost to the rightmost of two discs and the strip between them.
 */
export function strokeRows(a: Point, b: Point, radius: number, { width, height }: Size, span: Span): void {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const nx = length === 0 ? 0 : (-(b[1] - a[1]) / length) * radius;
  const ny = length === 0 ? 0 : ((b[0] - a[0]) / length) * radius;
  const strip: [number, number][] = [
    [a[0] + nx, a[1] + ny],
    [b[0] + nx, b[1] + ny],
    [b[0] - nx, b[1] - ny],
    [a[0] - nx, a[1] - ny],
  ];
  const first = Math.max(0, Math.floor(Math.min(a[1], b[1]) - radius));
  const last = Math.min(height - 1, Math.ceil(Math.max(a[1], b[1]) + radius));
  for (let row = first; row <= last; row += 1) {
    const y = row + 0.5;
    let low = Infinity;
    let high = -Infinity;
    for (const [cx, cy] of [a, b]) {
      const half = radius * radius - (y - cy) * (y - cy);
      if (half < 0) continue;
      const reach = Math.sqrt(half);
      low = Math.min(low, cx - reach);
      high = Math.max(high, cx + reach);
    }
    for (let at = 0; at < 4 && length > 0; at += 1) {
      const [px, py] = strip[at] as [number, number];
      const [qx, qy] = strip[(at + 1) % 4] as [number, number];
      if (py > y === qy > y) continue;
      const x = px + ((y - py) / (qy - py)) * (qx - px);
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
    const left = Math.max(0, Math.ceil(low - 0.5));
    const right = Math.min(width, Math.floor(high - 0.5) + 1);
    if (left < right) span(row, left, right);
  }
}

export class MaskAtWork {
  readonly plane: Uint8Array;
  /** Where there may be pixels of the mask. */
  private box: Box4 | null = null;
  /** What changed since it was last asked for. */
  private fresh: Box4 | null = null;

  constructor(readonly size: Size) {
    this.plane = new Uint8Array(size.width * size.height);
  }

  /** Begins with the pixels of a mask, or with none. */
  take(mask: Mask | null): void {
    if (this.box) clear(this.plane, this.size.width, this.box);
    this.box = null;
    if (!mask) return;
    stamp(mask, this.plane, this.size.width, this.size.height);
    const right = Math.min(this.size.width, mask.x + mask.w);
    this.box = [mask.x, mask.y, right, Math.min(this.size.height, mask.y + mask.h)];
  }

  stroke(a: Point, b: Point, radius: number, erase: boolean, canvas: CanvasRenderingContext2D | null): void {
    const { width } = this.size;
    let box: Box4 | null = null;
    strokeRows(a, b, radius, this.size, (row, left, right) => {
      this.plane.fill(erase ? 0 : 1, row * width + left, row * width + right);
      if (erase) canvas?.clearRect(left, row, right - left, 1);
      else canvas?.fillRect(left, row, right - left, 1);
      box = around(box, [left, row, right, row + 1]);
    });
    if (!box) return;
    this.fresh = around(this.fresh, box);
    if (!erase) this.box = around(this.box, box);
  }

  takeFresh(): Box4 | null {
    const { fresh } = this;
    this.fresh = null;
    return fresh;
  }

  mask(): Mask | null {
    return this.box ? maskOf(this.plane, this.size.width, this.box) : null;
  }
}

function around(box: Box4 | null, more: Box4): Box4 {
  if (!box) return more;
  return [Math.min(box[0], more[0]), Math.min(box[1], more[1]), Math.max(box[2], more[2]), Math.max(box[3], more[3])];
}

function clear(plane: Uint8Array, width: number, [left, top, right, bottom]: Box4): void {
  for (let row = top; row < bottom; row += 1) plane.fill(0, row * width + left, row * width + right);
}
