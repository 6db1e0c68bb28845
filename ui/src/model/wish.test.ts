import { describe, expect, it } from "vitest";
import { cleanNeeded, drawsNeeded, lowerTail, share, wishMeans, wishSaid } from "./wish";

const WISH = { guarantee: "among", auto_error: 0.02, auto_confidence: 0.95 } as const;

describe("the wish in words", () => {
  it("says what may be wrong, of what, and how sure", () => {
    expect(wishSaid(WISH)).toBe("at most 2% wrong among the auto-labels, 95% sure");
    expect(wishSaid({ ...WISH, guarantee: "whole", auto_error: 0.005, auto_confidence: 0.999 })).toBe(
      "at most 0.5% wrong of the whole pool, 99.9% sure",
    );
  });

  it("is explained with whole things, not shares", () => {
    expect(wishMeans(WISH)).toBe(
      "Of 100 auto-labels at most 2 may be wrong, and at least 95 of 100 certificates must keep that promise.",
    );
    expect(wishMeans({ ...WISH, auto_error: 0.005, auto_confidence: 0.999 })).toContain(
      "Of 1000 auto-labels at most 5",
    );
    expect(wishMeans({ ...WISH, auto_confidence: 0.999 })).toContain("999 of 1000 certificates");
  });

  it("keeps the digits a share was given with", () => {
    expect([0.02, 0.005, 0.125, 0.0707].map(share)).toEqual(["2%", "0.5%", "12.5%", "7.07%"]);
  });
});

describe("how many random labels it takes", () => {
  it("is the published number when nothing is wrong", () => {
    expect([0.01, 0.02, 0.05].map((error) => cleanNeeded(error, 0.95))).toEqual([299, 149, 59]);
    // A large pool is as good as an endless one.
    expect(drawsNeeded(1_000_000, 0.01, 0.95, 0)).toBe(299);
  });

  it("grows as the model comes near to the wish, and ends where it cannot be met", () => {
    const at = (rate: number) => drawsNeeded(10_000, 0.02, 0.95, rate) ?? Number.POSITIVE_INFINITY;
    expect(at(0.005)).toBeGreaterThan(at(0));
    expect(at(0.01)).toBeGreaterThan(at(0.005));
    expect(drawsNeeded(10_000, 0.02, 0.95, 0.02)).toBeNull();
  });

  it("is what the server says", () => {
    // modicum.engine.bounds.needed(size, error, 1 - confidence, rate)
    expect([0, 0.005, 0.01].map((rate) => drawsNeeded(10_000, 0.02, 0.95, rate))).toEqual([149, 316, 729]);
    expect(drawsNeeded(1400, 0.02, 0.95, 0.009)).toBe(1395);
    expect(drawsNeeded(40, 0.02, 0.95, 0)).toBe(38);
  });

  it("never asks for more than there is", () => {
    expect(drawsNeeded(40, 0.02, 0.95, 0)).toBeLessThanOrEqual(40);
    expect(drawsNeeded(0, 0.02, 0.95, 0)).toBeNull();
  });

  it("has the tail of the hypergeometric distribution", () => {
    // scipy.stats.hypergeom.cdf(k, size, marked, drawn)
    expect(lowerTail(0, 10, 3, 4)).toBeCloseTo(1 / 6, 10);
    expect(lowerTail(2, 50, 10, 12)).toBeCloseTo(0.5506571973994743, 8);
    expect(lowerTail(3, 5000, 100, 400)).toBeCloseTo(0.03539022323397395, 8);
    expect(lowerTail(4, 10, 4, 10)).toBe(1);
  });
});
