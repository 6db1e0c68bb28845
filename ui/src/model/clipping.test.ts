import { describe, expect, it } from "vitest";
import { cutOut, merge, splitAlong, union } from "./clipping";
import { Doc } from "./document";
import { areaOf } from "./geometry";
import { type GeometryOf, newShape, type Point } from "./shape";
import { snapTo } from "./snapping";

type Polygon = GeometryOf<"polygon">;
const square = (x: number, y: number, side: number): Point[] => [
  [x, y],
  [x + side, y],
  [x + side, y + side],
  [x, y + side],
];
const polygon = (...rings: Point[][]): Polygon => ({ kind: "polygon", rings });
const area = (shapes: readonly Polygon[]) => shapes.reduce((sum, shape) => sum + areaOf(shape.rings), 0);

describe("cutting", () => {
  it("makes a hole, takes a bite, leaves two parts, leaves nothing", () => {
    const whole = polygon(square(0, 0, 10));
    const [holed] = cutOut(whole, square(2, 2, 4));
    expect(holed?.rings).toHaveLength(2);
    expect(area(cutOut(whole, square(2, 2, 4)))).toBeCloseTo(84);
    expect(area(cutOut(whole, square(5, 5, 10)))).toBeCloseTo(75);
    const parts = cutOut(whole, [
      [4, -1],
      [6, -1],
      [6, 11],
      [4, 11],
    ]);
    expect([parts.length, parts[0]?.rings.length]).toEqual([1, 2]);
    expect(cutOut(whole, square(-1, -1, 20))).toEqual([]);
  });

  it("splits along a line into connected pieces that add up, holes kept", () => {
    const holed = polygon(square(0, 0, 10), square(1, 1, 2));
    const pieces = splitAlong(holed, [
      [5, -1],
      [6, 5],
      [5, 11],
    ]);
    expect(pieces).toHaveLength(2);
    expect(area(pieces)).toBeCloseTo(96, 1);
    expect(pieces.map((piece) => piece.rings.length).sort()).toEqual([1, 2]);
  });

  it("leaves a polygon alone that the line does not cross", () => {
    const whole = polygon(square(0, 0, 10));
    expect(
      splitAlong(whole, [
        [20, -5],
        [20, 15],
      ]),
    ).toEqual([whole]);
  });
});

describe("merging", () => {
  it("takes the union by each polygon's own rule", () => {
    const merged = union([polygon(square(0, 0, 10)), polygon(square(5, 0, 10))]) as Polygon;
    expect(area([merged])).toBeCloseTo(150);
    const ring = polygon(square(0, 0, 10), square(2, 2, 6));
    expect(area([union([ring, polygon(square(20, 0, 5))]) as Polygon])).toBeCloseTo(64 + 25);
    expect(area([union([ring, polygon(square(2, 2, 6))]) as Polygon])).toBeCloseTo(100);
  });

  it("is one step: the lowest grows, the others go, undo brings them back", () => {
    const shapes = [
      newShape("a", 1, polygon(square(0, 0, 10))),
      newShape("b", 1, polygon(square(5, 5, 10))),
      newShape("c", 2, polygon(square(50, 50, 10))),
    ];
    const doc = Doc.from({ type: "shapes", shapes, tags: [] });
    doc.select(["a", "b", "c"]);
    expect(merge(doc)).toContain("of several");
    doc.select(["a", "b"]);
    expect(merge(doc)).toBeNull();
    expect(doc.shapes.map((shape) => shape.id)).toEqual(["a", "c"]);
    doc.undo();
    expect(doc.shapes).toEqual(shapes);
    doc.select(["a"]);
    expect(merge(doc)).toContain("two polygons");
  });
});

describe("snapping", () => {
  const shapes = [
    newShape("a", 0, polygon(square(0, 0, 10))),
    newShape("b", 0, { kind: "box", x: 100, y: 0, w: 5, h: 5 }),
  ];

  it("prefers a corner, else the edge, else nothing", () => {
    expect(snapTo([9, 1], shapes, 3)).toEqual([10, 0]);
    expect(snapTo([5, -2], shapes, 3)).toEqual([5, 0]);
    expect(snapTo([98, 2.5], shapes, 3)).toEqual([100, 2.5]);
    expect(snapTo([50, 50], shapes, 3)).toBeNull();
  });
});
