import { describe, expect, it } from "vitest";
import { about, count, counted, duration, percent, range, size, speed, withRange } from "./figures";

describe("figures", () => {
  it("groups thousands and agrees with the noun", () => {
    expect(count(1234567)).toBe("1,234,567");
    expect(counted(1, "image")).toBe("1 image");
    expect(counted(2, "class", "classes")).toBe("2 classes");
  });

  it("keeps two digits of an estimate", () => {
    expect(about(0)).toBe("0");
    expect(about(7)).toBe("7");
    expect(about(213)).toBe("210");
    expect(about(12_345)).toBe("12,000");
  });

  it("never rounds to certainty", () => {
    expect(percent(1)).toBe("100%");
    expect(percent(0.9999)).toBe("99%");
    expect(percent(0.0001)).toBe("1%");
    expect(percent(0)).toBe("0%");
    expect(percent(0.9996, 1)).toBe("99.9%");
  });

  it("rounds an interval outwards", () => {
    expect(range({ low: 0.884, high: 0.951 })).toBe("88–96%");
    expect(range({ low: 0.29, high: 0.57 })).toBe("29–57%");
    expect(withRange({ mean: 0.92, low: 0.88, high: 0.95, n: 200 })).toBe("92% (88–95%)");
  });

  it("gives a digit after the point to narrow intervals only", () => {
    expect(withRange({ mean: 0.9432, low: 0.9381, high: 0.9479, n: 9000 })).toBe("94.3% (93.8–94.8%)");
  });

  it("says durations in the unit one would say them in", () => {
    expect(duration(4.21)).toBe("4.2 s");
    expect(duration(40.2)).toBe("40 s");
    expect(duration(180)).toBe("3 min");
    expect(duration(3600)).toBe("1 h");
    expect(duration(4800)).toBe("1 h 20 min");
    expect(duration(200_000)).toBe("2 days");
  });

  it("says sizes and speeds", () => {
    expect(size(512)).toBe("512 B");
    expect(size(3_400_000)).toBe("3.4 MB");
    expect(size(12_100_000_000)).toBe("12 GB");
    expect(speed(141)).toBe("140 a second");
    expect(speed(0.2)).toBe("12 a minute");
  });
});
