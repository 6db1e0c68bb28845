import { describe, expect, it } from "vitest";
import { ItemClock, LONGEST_PAUSE } from "./clock";
import { fitted, isZoomed, panned, zoomed } from "./view";

const stage = { width: 1000, height: 600 };
const image = { width: 400, height: 300 };

describe("view", () => {
  it("fits the whole image in the middle, enlarged if need be", () => {
    expect(fitted(stage, image)).toEqual({ scale: 2, x: 100, y: 0 });
  });

  it("keeps the point under the pointer while zooming", () => {
    const start = zoomed(fitted(stage, image), 2, { x: 500, y: 300 }, stage, image);
    const at = { x: 320, y: 200 };
    const before = { x: (at.x - start.x) / start.scale, y: (at.y - start.y) / start.scale };
    const after = zoomed(start, 1.7, at, stage, image);
    expect((at.x - after.x) / after.scale).toBeCloseTo(before.x);
    expect((at.y - after.y) / after.scale).toBeCloseTo(before.y);
  });

  it("never gets smaller than the whole image and never loses it", () => {
    const start = fitted(stage, image);
    expect(zoomed(start, 0.01, { x: 0, y: 0 }, stage, image)).toEqual(start);
    const near = zoomed(start, 4, { x: 500, y: 300 }, stage, image);
    expect(isZoomed(near, stage, image)).toBe(true);
    const pushed = panned(near, 99_999, -99_999, stage, image);
    expect(pushed.x).toBe(0);
    expect(pushed.y).toBeCloseTo(stage.height - image.height * near.scale);
  });
});

describe("item clock", () => {
  it("counts what was seen, cuts pauses and leaves a hidden tab out", () => {
    const clock = new ItemClock();
    clock.start(1000, true);
    clock.stir(4000);
    expect(clock.seconds(5000)).toBe(4);
    clock.hide(6000);
    expect(clock.seconds(900_000)).toBe(5);
    clock.stir(1_000_000);
    expect(clock.seconds(1_002_000)).toBe(7);
    expect(clock.seconds(9_000_000)).toBe(5 + LONGEST_PAUSE / 1000);
  });

  it("starts at nothing for every item, also in a hidden tab", () => {
    const clock = new ItemClock();
    clock.start(0, true);
    clock.start(5000, false);
    expect(clock.seconds(60_000)).toBe(0);
  });
});
