import { describe, expect, it } from "vitest";
import { fittedCamera, movedCamera, shownOf, toImage, toStage, turnedCamera, zoomedCamera } from "./camera";
import type { Point } from "./shape";

const stage = { width: 1000, height: 600 };
const image = { width: 4000, height: 3000 };

describe("camera", () => {
  it("goes from the image to the stage and back at any angle", () => {
    for (const angle of [0, 37, 90, 180, 270]) {
      const camera = zoomedCamera(fittedCamera(stage, image, angle), 3.3, [200, 100], stage, image);
      const [x, y] = toImage(camera, toStage(camera, [1234, 567]));
      expect(x).toBeCloseTo(1234, 6);
      expect(y).toBeCloseTo(567, 6);
    }
  });

  it("fits the whole turned image", () => {
    for (const angle of [0, 90, 45]) {
      const camera = fittedCamera(stage, image, angle);
      const corners: Point[] = [
        [0, 0],
        [4000, 0],
        [4000, 3000],
        [0, 3000],
      ];
      for (const corner of corners) {
        const [x, y] = toStage(camera, corner);
        expect(x).toBeGreaterThanOrEqual(-1e-6);
        expect(x).toBeLessThanOrEqual(1000 + 1e-6);
        expect(y).toBeGreaterThanOrEqual(-1e-6);
        expect(y).toBeLessThanOrEqual(600 + 1e-6);
      }
    }
  });

  it("keeps the point under the pointer while zooming, and the middle while turning", () => {
    const camera = fittedCamera(stage, image);
    const at: Point = [320, 240];
    const before = toImage(camera, at);
    const after = toImage(zoomedCamera(camera, 5, at, stage, image), at);
    expect(after[0]).toBeCloseTo(before[0]);
    expect(after[1]).toBeCloseTo(before[1]);
    const turned = turnedCamera(camera, 90, stage);
    expect(toImage(turned, [500, 300])[0]).toBeCloseTo(2000);
  });

  it("never loses the image", () => {
    const camera = movedCamera(fittedCamera(stage, image), 1e9, -1e9, stage, image);
    const [left, , , bottom] = shownOf(camera, stage);
    expect(left).toBeLessThan(0);
    expect(bottom).toBeGreaterThan(0);
    expect(toStage(camera, [0, 0])[0]).toBeLessThan(1000);
    expect(toStage(camera, [0, 3000])[1]).toBeGreaterThan(0);
  });
});
