// Masks as runs: row by row over a patch, the first run counts pixels left out. Here they become bytes and runs again.
import type { Box4 } from "./camera";
import type { GeometryOf } from "./shape";

export type Mask = GeometryOf<"mask">;

const ends = new WeakMap<Mask, Uint32Array>();

/** Where each run ends, counted in pixels of the patch. */
export function runEnds(mask: Mask): Uint32Array {
  let found = ends.get(mask);
  if (!found) {
    found = new Uint32Array(mask.counts.length);
    let sum = 0;
    for (let at = 0; at < found.length; at += 1) {
      sum += mask.counts[at] ?? 0;
      found[at] = sum;
    }
    ends.set(mask, found);
  }
  return found;
}

/** Whether the pixel that holds the point is in the mask. */
export function maskHolds(mask: Mask, x: number, y: number): boolean {
  const column = Math.floor(x) - mask.x;
  const row = Math.floor(y) - mask.y;
  if (column < 0 || row < 0 || column >= mask.w || row >= mask.h) return false;
  const place = row * mask.w + column;
  const until = runEnds(mask);
  let low = 0;
  let high = until.length - 1;
  while (low < high) {
    const mid = (low + high) >> 1;
    if ((until[mid] ?? 0) > place) high = mid;
    else low = mid + 1;
  }
  return low % 2 === 1 && place < (until[low] ?? 0);
}

export function maskArea(mask: Mask): number {
  let sum = 0;
  for (let at = 1; at < mask.counts.length; at += 2) sum += mask.counts[at] ?? 0;
  return sum;
}

/** Writes a mask's pixels as `value`, 0 or 1, into a plane of such bytes; what lies outside the plane is left out. */
export function stamp(mask: Mask, plane: Uint8Array, width: number, height: number, value = 1): void {
  const whole = mask.x === 0 && mask.w === width;
  const first = mask.y * width;
  let place = 0;
  for (let at = 0; at < mask.counts.length; at += 1) {
    const next = place + (mask.counts[at] ?? 0);
    if (at % 2 === 1) {
      if (whole) plane.fill(value, first + place, first + next);
      else fillRun(mask, place, next, plane, width, height, value);
    }
    place = next;
  }
}

function fillRun(
  mask: Mask,
  from: number,
  to: number,
  plane: Uint8Array,
  width: number,
  height: number,
  value: number,
): void {
  for (let at = from; at < to; ) {
    const row = Math.floor(at / mask.w);
    const stop = Math.min(to, (row + 1) * mask.w);
    const y = mask.y + row;
    const left = mask.x + at - row * mask.w;
    const right = Math.min(width, left + stop - at);
    if (y < height && left < right) plane.fill(value, y * width + left, y * width + right);
    at = stop;
  }
}

/** The mask of the bytes that are 1 within a box of the plane (whole pixels), the others 0; null when there are none. */
export function maskOf(plane: Uint8Array, width: number, box: Box4): Mask | null {
  const tight = tightBox(plane, width, box);
  if (!tight) return null;
  const [x, y, right, bottom] = tight;
  const w = right - x;
  const counts: number[] = [];
  let run = 0;
  let value = 0;
  // Byte by byte: with many short runs a search for each costs more than all the bytes.
  for (let row = y; row < bottom; row += 1) {
    const stop = row * width + right;
    for (let at = row * width + x; at < stop; at += 1) {
      if (plane[at] !== value) {
        counts.push(run);
        run = 0;
        value = 1 - value;
      }
      run += 1;
    }
  }
  counts.push(run);
  return { kind: "mask", x, y, w, h: bottom - y, counts };
}

/** The smallest box that holds every byte of 1. */
function tightBox(plane: Uint8Array, width: number, [x, y, right, bottom]: Box4): Box4 | null {
  let [left, top, end, low] = [right, -1, x, y];
  for (let row = y; row < bottom; row += 1) {
    const line = plane.subarray(row * width + x, row * width + right);
    const first = line.indexOf(1);
    if (first < 0) continue;
    if (top < 0) top = row;
    low = row + 1;
    left = Math.min(left, x + first);
    end = Math.max(end, x + line.lastIndexOf(1) + 1);
  }
  return top < 0 ? null : [left, top, end, low];
}
