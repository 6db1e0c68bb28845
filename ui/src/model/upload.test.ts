import { expect, it } from "vitest";
import { PART_BYTES, PART_FILES, uploadParts } from "./upload";

it("sends every file once, in order", () => {
  const files = Array.from({ length: 3 * PART_FILES + 1 }, (_, i) => ({ size: 1000, i }));
  const parts = uploadParts(files);
  expect(parts.flat()).toEqual(files);
  expect(parts).toHaveLength(4);
});

it("keeps a part small, and sends a huge file alone", () => {
  const parts = uploadParts([
    { size: 10 },
    { size: PART_BYTES * 9 },
    { size: 10 },
    { size: PART_BYTES - 10 },
    { size: 1 },
  ]);
  expect(parts.map((part) => part.length)).toEqual([1, 1, 2, 1]);
});

it("sends nothing when there is nothing", () => {
  expect(uploadParts([])).toEqual([]);
});
