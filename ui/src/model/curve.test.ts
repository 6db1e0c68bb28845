import { describe, expect, it } from "vitest";
import { band, columns, curveTable, described, drawn, floor, type Point, reading, readLine, tabbed } from "./curve";

const at = (labels: number, mean: number, extrapolated = false): Point => ({
  labels,
  extrapolated,
  accuracy: { mean, low: mean - 0.05, high: mean + 0.03, n: 100 },
});

const curve = [at(40, 0.9), at(20, 0.8)];
const control = [at(10, 0.5), at(30, 0.7), at(60, 0.8, true)];

describe("the learning curve", () => {
  it("puts both series on one ordered axis", () => {
    const drawn = columns(curve, control);
    expect(drawn.labels).toEqual([10, 20, 30, 40, 60]);
    expect(drawn.accuracy).toEqual([null, 0.8, null, 0.9, null]);
    expect(drawn.control).toEqual([0.5, null, 0.7, null, null]);
  });

  it("starts the estimated part where the measured part ends", () => {
    expect(columns(curve, control).beyond).toEqual([null, null, 0.7, null, 0.8]);
    expect(columns(curve, [at(10, 0.5)]).beyond.every((value) => value === null)).toBe(true);
  });

  it("reads the straight line between two points and nothing outside", () => {
    expect(readLine(curve, 30)?.accuracy.mean).toBeCloseTo(0.85);
    expect(readLine(curve, 40)?.accuracy.mean).toBe(0.9);
    expect(readLine(curve, 10)).toBeNull();
    expect(readLine(curve, 41)).toBeNull();
    expect(readLine(control, 45)?.extrapolated).toBe(true);
    expect(readLine(control, 30)?.extrapolated).toBe(false);
  });

  it("says what stands under the pointer", () => {
    expect(reading(curve, control, 40)).toBe(
      "At 40 labels: 90% (85–93%) correct; in random order 73% (68–77%), estimated beyond the data.",
    );
    expect(reading(curve, control, 5)).toBe("");
  });

  it("leaves room below the lowest value and never starts above 90%", () => {
    expect(floor(curve, control)).toBe(0.5);
    expect(floor([at(20, 0.99)], [])).toBe(0.9);
    expect(floor([], [])).toBe(0.9);
    expect(floor([{ labels: 10, extrapolated: false, accuracy: { mean: 0.6, low: 0.14, high: 0.95, n: 6 } }], [])).toBe(
      0.1,
    );
  });

  it("draws no accuracy of a handful of images, unless there is nothing else", () => {
    const early: Point = { labels: 5, extrapolated: false, accuracy: { mean: 1, low: 0.2, high: 1, n: 1 } };
    expect(drawn([early, ...curve], [])).toMatchObject({ curve: [at(20, 0.8), at(40, 0.9)], hidden: 1 });
    expect(drawn([early], [])).toMatchObject({ curve: [early], hidden: 0 });
  });

  it("follows the control until it is level, or to four times the labels", () => {
    const labels = (points: readonly Point[]) => drawn(curve, points).control.map((point) => point.labels);
    expect(labels([at(20, 0.6), at(80, 0.91, true), at(160, 0.95, true)])).toEqual([20, 80]);
    expect(labels([at(20, 0.6), at(80, 0.7, true), at(160, 0.75, true), at(1000, 0.8, true)])).toEqual([20, 80, 160]);
  });

  it("orders the band", () => {
    expect(band(curve).map(([x]) => x)).toEqual([20, 40]);
  });

  it("copies every point, with its kind", () => {
    const lines = tabbed(curveTable(curve, control)).split("\n");
    expect(lines).toHaveLength(6);
    expect(lines[1]).toBe("model\t20\t0.8000\t0.7500\t0.8300\t100");
    expect(lines[5]).toContain("random, estimated\t60");
  });

  it("is said in words", () => {
    expect(described(curve, control)).toBe(
      "From 80% correct with 20 labels to 90% with 40 labels. Random labels reach 73% with as many.",
    );
    expect(described([], [])).toContain("No accuracy");
  });
});
