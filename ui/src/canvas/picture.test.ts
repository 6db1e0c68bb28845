import { describe, expect, it } from "vitest";
import { toneTable } from "./picture";

describe("brightness and contrast", () => {
  it("leave the image as it is at 1 and 1, and stay within what a byte holds", () => {
    expect([...toneTable(1, 1)]).toEqual(Array.from({ length: 256 }, (_, value) => value));
    const strong = toneTable(3, 4);
    expect([strong[0], strong[255]]).toEqual([0, 255]);
    expect(toneTable(0.5, 1)[200]).toBe(100);
    expect(toneTable(1, 2)[64]).toBeLessThan(64);
  });
});
