// The image of the board: halved again and again, so that drawing it small costs little and looks well; brightness and contrast.
import { type Camera, matrix, shownOf } from "../model/camera";
import type { Size } from "../model/view";

export type ImageSource = HTMLImageElement | ImageBitmap | HTMLCanvasElement;

/** Above this many device pixels per image pixel one sees the pixels as they are. */
const PIXELS_FROM = 3;
const SMALLEST = 256;

export class Picture {
  /** Level n is the image at 1 / 2^n of its size; made when first needed. */
  private levels: (ImageSource | undefined)[] = [];
  private toned = new Map<number, HTMLCanvasElement>();
  private tone = { brightness: 1, contrast: 1 };

  constructor(
    private readonly source: ImageSource,
    private readonly size: Size,
  ) {
    this.levels[0] = source;
  }

  /** 1 and 1 leave the image as it is. */
  adjust(brightness: number, contrast: number): boolean {
    if (this.tone.brightness === brightness && this.tone.contrast === contrast) return false;
    this.tone = { brightness, contrast };
    this.toned.clear();
    return true;
  }

  draw(context: CanvasRenderingContext2D, camera: Camera, stage: Size, dots: number): void {
    const scale = camera.scale * dots;
    const level = this.levelFor(scale);
    const image = this.adjusted(level);
    const [width, height] = sizeOf(image);
    // Only the part on the stage: drawing from a large image costs by what is read.
    const [left, top, right, bottom] = shownOf(camera, stage);
    const x0 = Math.max(0, Math.floor(left));
    const y0 = Math.max(0, Math.floor(top));
    const w = Math.min(this.size.width, Math.ceil(right)) - x0;
    const h = Math.min(this.size.height, Math.ceil(bottom)) - y0;
    if (w <= 0 || h <= 0) return;
    const fx = width / this.size.width;
    const fy = height / this.size.height;
    context.setTransform(...matrix(camera, dots));
    context.imageSmoothingEnabled = scale < PIXELS_FROM;
    context.imageSmoothingQuality = "low";
    context.drawImage(image, x0 * fx, y0 * fy, w * fx, h * fy, x0, y0, w, h);
  }

  /** The smallest level that still has a pixel for every pixel of the screen. */
  private levelFor(scale: number): number {
    let level = 0;
    let share = 0.5;
    while (scale <= share && Math.min(this.size.width, this.size.height) * share >= SMALLEST) {
      level += 1;
      share /= 2;
    }
    return level;
  }

  private level(n: number): ImageSource {
    const known = this.levels[n];
    if (known || n === 0) return known ?? this.source;
    const larger = this.level(n - 1);
    const [width, height] = sizeOf(larger);
    const canvas = blank(Math.max(1, Math.round(width / 2)), Math.max(1, Math.round(height / 2)));
    const context = canvas.getContext("2d");
    if (context) {
      context.imageSmoothingQuality = "low"; // halving: the mean of four pixels
      context.drawImage(larger, 0, 0, canvas.width, canvas.height);
    }
    this.levels[n] = canvas;
    return canvas;
  }

  private adjusted(n: number): ImageSource {
    const plain = this.level(n);
    if (this.tone.brightness === 1 && this.tone.contrast === 1) return plain;
    const known = this.toned.get(n);
    if (known) return known;
    const [width, height] = sizeOf(plain);
    const canvas = blank(width, height);
    const context = canvas.getContext("2d");
    if (!context) return plain;
    context.drawImage(plain, 0, 0);
    const pixels = context.getImageData(0, 0, width, height);
    applyTable(pixels.data, toneTable(this.tone.brightness, this.tone.contrast));
    context.putImageData(pixels, 0, 0);
    this.toned.set(n, canvas);
    return canvas;
  }
}

/** What becomes of each of 256 values: times the brightness, then away from the middle by the contrast. */
export function toneTable(brightness: number, contrast: number): Uint8ClampedArray {
  return Uint8ClampedArray.from({ length: 256 }, (_, value) => (value * brightness - 127.5) * contrast + 127.5);
}

function applyTable(data: Uint8ClampedArray, table: Uint8ClampedArray): void {
  for (let at = 0; at < data.length; at += 4) {
    data[at] = table[data[at] as number] as number;
    data[at + 1] = table[data[at + 1] as number] as number;
    data[at + 2] = table[data[at + 2] as number] as number;
  }
}

function sizeOf(image: ImageSource): [number, number] {
  return image instanceof HTMLImageElement ? [image.naturalWidth, image.naturalHeight] : [image.width, image.height];
}

function blank(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}
