import { describe, expect, it } from "vitest";
import { type Mask, maskArea, maskHolds, maskOf, stamp } from "./masks";
import type { Point } from "./shape";
import { MaskAtWork, strokeRows } from "./strokes";

const size = { width: 40, height: 30 };

function noise(seed: number, share: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: size.width * size.height }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 < share ? 1 : 0;
  });
}

describe("masks", () => {
  it("become runs and bytes again without a pixel lost", () => {
    for (const share of [0, 0.001, 0.1, 0.5, 0.99, 1]) {
      const plane = noise(7, share);
      const mask = maskOf(plane, size.width, [0, 0, size.width, size.height]);
      const count = plane.reduce((sum, value) => sum + value, 0);
      if (count === 0) {
        expect(mask).toBeNull();
        continue;
      }
      const found = mask as Mask;
      expect(found.counts.reduce((sum, run) => sum + run, 0)).toBe(found.w * found.h);
      expect(maskArea(found)).toBe(count);
      const back = new Uint8Array(plane.length);
      stamp(found, back, size.width, size.height);
      expect(back).toEqual(plane);
      for (let at = 0; at < plane.length; at += 1) {
        const x = (at % size.width) + 0.5;
        const y = Math.floor(at / size.width) + 0.5;
        expect(maskHolds(found, x, y)).toBe(plane[at] === 1);
      }
    }
  });

  it("begin with a run of left out pixels even where the first belongs to them", () => {
    const plane = new Uint8Array(size.width * size.height);
    plane[0] = 1;
    expect(maskOf(plane, size.width, [0, 0, 40, 30])).toEqual({ kind: "mask", x: 0, y: 0, w: 1, h: 1, counts: [0, 1] });
  });

  it("of a patch that reaches over the image keep only what lies in it", () => {
    const plane = new Uint8Array(size.width * size.height);
    stamp({ kind: "mask", x: 38, y: 28, w: 5, h: 5, counts: [0, 25] }, plane, size.width, size.height);
    expect(plane.reduce((sum, value) => sum + value, 0)).toBe(4);
  });
});

describe("strokes", () => {
  it("hold exactly the pixels whose centres the brush went over", () => {
    const strokes: [Point, Point, number][] = [
      [[10, 10], [10, 10], 4],
      [[5, 5], [33.3, 21.7], 3.2],
      [[35, 4], [2, 25], 0.6],
      [[-5, 10], [50, 12], 6],
      [[20, 2], [20, 28], 5],
    ];
    for (const [a, b, radius] of strokes) {
      const plane = new Uint8Array(size.width * size.height);
      strokeRows(a, b, radius, size, (row, left, right) =>
        plane.fill(1, row * size.width + left, row * size.width + right),
      );
      for (let at = 0; at < plane.length; at += 1) {
        const p: Point = [(at % size.width) + 0.5, Math.floor(at / size.width) + 0.5];
        const away = fromSegment(p, a, b) - radius;
        if (Math.abs(away) > 1e-9) expect(plane[at]).toBe(away < 0 ? 1 : 0);
      }
    }
  });

  it("go on with a mask, and take from it, down to nothing", () => {
    const work = new MaskAtWork(size);
    work.stroke([10, 10], [20, 10], 3, false, null);
    const first = work.mask() as Mask;
    work.take(null);
    expect(work.mask()).toBeNull();
    work.take(first);
    work.stroke([30, 20], [30, 20], 2, false, null);
    const both = work.mask() as Mask;
    expect(maskArea(both)).toBeGreaterThan(maskArea(first));
    work.stroke([30, 20], [30, 20], 3, true, null);
    expect(work.mask()).toEqual(first);
    work.stroke([0, 10], [40, 10], 8, true, null);
    expect(work.mask()).toBeNull();
  });
});

function fromSegment([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const square = (bx - ax) ** 2 + (by - ay) ** 2;
  const share = square === 0 ? 0 : ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / square;
  const along = Math.min(1, Math.max(0, share));
  return Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay));
}
