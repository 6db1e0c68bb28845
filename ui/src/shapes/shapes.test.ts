import { describe, expect, it } from "vitest";
import { turned } from "../model/geometry";
import type { Geometry, GeometryOf, Point } from "../model/shape";
import { areaOfShape, boundsOfShape, handlesOf, hits, pulled, shifted, withoutHandle } from "./kinds";

const ALL: Geometry[] = [
  { kind: "box", x: 10, y: 20, w: 30, h: 40 },
  { kind: "rotated", cx: 50, cy: 50, w: 40, h: 20, angle: 30 },
  { kind: "ellipse", cx: 50, cy: 50, rx: 30, ry: 10, angle: 45 },
  {
    kind: "polygon",
    rings: [
      [
        [0, 0],
        [20, 0],
        [20, 20],
        [0, 20],
      ],
      [
        [5, 5],
        [10, 5],
        [10, 10],
      ],
    ],
  },
  {
    kind: "polyline",
    points: [
      [0, 0],
      [10, 10],
      [20, 0],
    ],
  },
  {
    kind: "points",
    points: [
      [3, 4],
      [30, 40],
    ],
  },
  {
    kind: "skeleton",
    nodes: [
      [10, 10, 2],
      [0, 0, 0],
      [20, 30, 1],
    ],
  },
  { kind: "mask", x: 5, y: 6, w: 4, h: 2, counts: [1, 3, 2, 2] },
];

describe("every kind", () => {
  it("moves with its bounds, and back again", () => {
    for (const shape of ALL) {
      const [left, top, right, bottom] = boundsOfShape(shape);
      const moved = shifted(shape, 7, 9);
      const after = boundsOfShape(moved);
      const wanted = [left + 7, top + 9, right + 7, bottom + 9];
      for (const [at, edge] of after.entries()) expect(edge).toBeCloseTo(wanted[at] ?? 0, 2);
      expect(shifted(moved, -7, -9)).toEqual(shape);
    }
  });

  it("follows each of its handles to where it is pulled", () => {
    for (const shape of ALL) {
      for (const [at, handle] of handlesOf(shape, 1).entries()) {
        if (handle.role === "side" || Number.isNaN(handle.at[0])) continue;
        const to: Point = [handle.at[0] + 3, handle.at[1] + 2];
        const after = pulled(shape, at, to, { shift: false });
        expect(after.kind).toBe(shape.kind);
        if (handle.role === "turn") continue;
        const near = handlesOf(after, 1).some(({ at: [x, y] }) => Math.hypot(x - to[0], y - to[1]) < 0.05);
        expect(near, `${shape.kind} ${at}`).toBe(true);
      }
    }
  });

  it("is hit within and not far away", () => {
    const inside: Point[] = [
      [25, 40],
      [50, 50],
      [50, 50],
      [2, 2],
      [5, 5],
      [3, 4],
      [10, 10],
      [6.5, 6.5],
    ];
    for (const [at, shape] of ALL.entries()) {
      expect(hits(shape, inside[at] as Point, 1), shape.kind).toBe(true);
      expect(hits(shape, [500, 500], 1), shape.kind).toBe(false);
    }
  });
});

describe("special cases", () => {
  it("a hole is not part of its polygon", () => {
    const shape = ALL[3] as Geometry;
    expect(hits(shape, [8.5, 6.5], 0.5)).toBe(false);
    expect(areaOfShape(shape)).toBeCloseTo(400 - 12.5);
  });

  it("pulling a corner of a turned box keeps the opposite one and the angle", () => {
    const shape = ALL[1] as GeometryOf<"rotated">;
    const before = handlesOf(shape, 1);
    const after = pulled(shape, 2, [100, 90], { shift: false }) as GeometryOf<"rotated">;
    expect(after.angle).toBe(30);
    const fixed = handlesOf(after, 1)[0]?.at as Point;
    expect(fixed[0]).toBeCloseTo(before[0]?.at[0] ?? 0, 1);
    expect(fixed[1]).toBeCloseTo(before[0]?.at[1] ?? 0, 1);
  });

  it("a box pulled over its other side turns over instead of vanishing", () => {
    const after = pulled(ALL[0] as Geometry, 2, [0, 0], { shift: false });
    expect(after).toEqual({ kind: "box", x: 0, y: 0, w: 10, h: 20 });
  });

  it("with Shift a turn goes in steps of 15 degrees", () => {
    const shape = ALL[1] as GeometryOf<"rotated">;
    const to = turned([50, 0], 32, [50, 50]);
    expect(pulled(shape, 8, to, { shift: true })).toMatchObject({ angle: 30 });
  });

  it("pulling the middle of a side makes a new point there", () => {
    const after = pulled(ALL[4] as Geometry, 3, [5, 9], { shift: false }) as GeometryOf<"polyline">;
    expect(after.points).toEqual([
      [0, 0],
      [5, 9],
      [10, 10],
      [20, 0],
    ]);
  });

  it("points go one by one, the last ones with their ring or shape", () => {
    const [, , , polygon, line] = ALL as [Geometry, Geometry, Geometry, GeometryOf<"polygon">, Geometry];
    expect((withoutHandle(polygon, 4) as GeometryOf<"polygon">).rings).toHaveLength(1);
    expect((withoutHandle(polygon, 0) as GeometryOf<"polygon">).rings[0]).toHaveLength(3);
    expect(
      withoutHandle(
        {
          kind: "polygon",
          rings: [
            [
              [0, 0],
              [1, 0],
              [1, 1],
            ],
          ],
        },
        1,
      ),
    ).toBeNull();
    expect(
      withoutHandle(
        {
          kind: "polyline",
          points: [
            [0, 0],
            [1, 1],
          ],
        },
        0,
      ),
    ).toBeNull();
    expect(withoutHandle(line, 4)).toBeUndefined();
    expect(withoutHandle(ALL[0] as Geometry, 0)).toBeUndefined();
  });
});
