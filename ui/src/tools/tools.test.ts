import { describe, expect, it, vi } from "vitest";
import { Doc } from "../model/document";
import { type Mask, maskArea } from "../model/masks";
import { type Class, type Geometry, newShape, type Point, type Shape } from "../model/shape";
import { boundsOfShape, hits } from "../shapes/kinds";
import type { Command, PointerAt, ToolEvent, ToolId, World } from "./tool";
import { toolOf } from "./tools";

const person: Class = {
  id: 0,
  name: "person",
  key: null,
  archived: false,
  colour: null,
  shapes: [],
  attributes: [],
  skeleton: { nodes: ["head", "hand", "foot"], edges: [[0, 1]] },
};

/** A tool in the hand of somebody, over an image of 200 by 100 pixels at its own size. */
class Hand {
  private state: unknown;
  hints: (string | null)[] = [];
  readonly world: World;

  constructor(
    readonly id: ToolId,
    readonly doc = Doc.from(null),
  ) {
    this.state = toolOf(id).start;
    this.world = {
      doc,
      image: { width: 200, height: 100 },
      classId: 0,
      classes: [person],
      unit: 1,
      minSize: 1,
      brushSize: 10,
      free: (shape) => !doc.snapshot.locked.has(shape.id),
      find: (point) => doc.shapes.findLast((shape) => hits(shape.geometry, point, 3)) ?? null,
      within: ([left, top, right, bottom]) =>
        doc.shapes.filter(({ geometry }) => {
          const [x0, y0, x1, y1] = boundsOfShape(geometry);
          return x0 >= left && y0 >= top && x1 <= right && y1 <= bottom;
        }),
      may: () => true,
      assist: () => undefined,
      draw: (geometry, label) => {
        const id = `n${doc.shapes.length}`;
        doc.apply({ put: [newShape(id, 0, geometry)], selection: new Set([id]) }, label);
      },
      hint: (text) => this.hints.push(text),
      colour: () => "#ff0000",
    };
  }

  send(event: ToolEvent): this {
    this.state = toolOf(this.id).on(this.state, event, this.world);
    return this;
  }

  command(command: Command): this {
    return this.send({ type: "command", command });
  }

  click(at: Point, keys: Partial<PointerAt> = {}): this {
    return this.point("move", at, keys).point("down", at, keys).point("up", at, keys);
  }

  pull(points: Point[], keys: Partial<PointerAt> = {}): this {
    const [first, ...rest] = points as [Point, ...Point[]];
    this.point("move", first, keys).point("down", first, keys);
    for (const at of rest) this.point("move", at, keys);
    return this.point("up", points.at(-1) as Point, keys);
  }

  point(type: "down" | "move" | "up" | "double", at: Point, keys: Partial<PointerAt> = {}): this {
    const plain = { shift: false, ctrl: false, alt: false, device: "mouse", pressure: 0.5 } as const;
    return this.send({ type, at, snapped: at, ...plain, ...keys });
  }

  get last(): Geometry | undefined {
    return this.doc.shapes.at(-1)?.geometry;
  }
}

const box = (id: string, x: number, y: number, more: Partial<Shape> = {}): Shape => ({
  ...newShape(id, 0, { kind: "box", x, y, w: 20, h: 10 }),
  ...more,
});
const holding = (...shapes: Shape[]) => Doc.from({ type: "shapes", shapes, tags: [] });

describe("drawing tools", () => {
  it("box and ellipse: pulled or clicked, Shift makes them square", () => {
    expect(
      new Hand("box").pull([
        [50, 40],
        [20, 10],
      ]).last,
    ).toEqual({ kind: "box", x: 20, y: 10, w: 30, h: 30 });
    expect(new Hand("box").click([5, 5]).click([15, 25]).last).toEqual({ kind: "box", x: 5, y: 5, w: 10, h: 20 });
    const circle = new Hand("ellipse").pull(
      [
        [10, 10],
        [30, 20],
      ],
      { shift: true },
    );
    expect(circle.last).toEqual({ kind: "ellipse", cx: 20, cy: 20, rx: 10, ry: 10, angle: 0 });
  });

  it("a lost pointer or Esc draws nothing", () => {
    const hand = new Hand("box")
      .point("down", [5, 5])
      .point("move", [50, 50])
      .send({ type: "lost" })
      .point("up", [50, 50]);
    expect(hand.doc.shapes).toEqual([]);
    expect(
      new Hand("polygon").click([1, 1]).click([50, 1]).click([50, 50]).command("cancel").command("finish").last,
    ).toBeUndefined();
  });

  it("rotated box: one side, then how wide, to either hand", () => {
    const made = new Hand("rotated")
      .pull([
        [10, 50],
        [50, 50],
      ])
      .point("move", [30, 30])
      .click([30, 30]).last;
    expect(made).toEqual({ kind: "rotated", cx: 30, cy: 40, w: 40, h: 20, angle: 0 });
    const upright = new Hand("rotated").click([10, 10]).click([10, 50]).click([0, 30]).last;
    expect(upright).toMatchObject({ cx: 5, cy: 30, w: 40, h: 10, angle: 90 });
  });

  it("polygon: closed by its first point, Enter or a double click; back takes the last point", () => {
    const corners: Point[] = [
      [10, 10],
      [60, 10],
      [60, 60],
    ];
    const ring = { kind: "polygon", rings: [corners] };
    const clicked = () => corners.reduce((hand, at) => hand.click(at), new Hand("polygon"));
    expect(clicked().click([12, 11]).last).toEqual(ring);
    expect(clicked().command("finish").last).toEqual(ring);
    expect(clicked().point("double", [60, 60]).last).toEqual(ring);
    expect(clicked().click([99, 99]).command("back").command("finish").last).toEqual(ring);
    const few = new Hand("polygon").click([10, 10]).click([20, 20]).command("finish");
    expect([few.last, few.hints.at(-1)]).toEqual([undefined, "Not enough points yet: 3 are needed, there are 2"]);
  });

  it("polygon freehand: pulled around, with few points left", () => {
    const way = Array.from(
      { length: 81 },
      (_, at): Point => [60 + 40 * Math.cos((at / 80) * 6.28), 50 + 40 * Math.sin((at / 80) * 6.28)],
    );
    const made = new Hand("polygon").pull(way).last;
    expect(made?.kind).toBe("polygon");
    const [ring = []] = made?.kind === "polygon" ? made.rings : [];
    expect(ring.length).toBeGreaterThan(8);
    expect(ring.length).toBeLessThan(40);
  });

  it("line and points", () => {
    expect(new Hand("polyline").click([0, 0]).click([30, 0]).command("finish").last).toEqual({
      kind: "polyline",
      points: [
        [0, 0],
        [30, 0],
      ],
    });
    expect(new Hand("points").click([7, 7]).command("finish").last).toEqual({ kind: "points", points: [[7, 7]] });
  });

  it("skeleton: in the class's order, hidden with Alt, missing with Shift, the rest left out", () => {
    const hand = new Hand("skeleton").click([10, 10]);
    expect(hand.hints.at(-1)).toBe("Next: hand");
    hand.click([0, 0], { shift: true }).click([10, 50], { alt: true });
    expect(hand.last).toEqual({
      kind: "skeleton",
      nodes: [
        [10, 10, 2],
        [0, 0, 0],
        [10, 50, 1],
      ],
    });
    const short = new Hand("skeleton").click([10, 10]).command("finish").last;
    expect(short).toEqual({
      kind: "skeleton",
      nodes: [
        [10, 10, 2],
        [0, 0, 0],
        [0, 0, 0],
      ],
    });
  });

  it("hole and split change the selected polygons only, as one step", () => {
    const ring: Point[] = [
      [0, 0],
      [80, 0],
      [80, 80],
      [0, 80],
    ];
    const doc = holding(newShape("a", 0, { kind: "polygon", rings: [ring] }), box("b", 0, 0));
    const hole = new Hand("hole", doc);
    for (const at of [
      [20, 20],
      [40, 20],
      [40, 40],
    ] as Point[])
      hole.click(at);
    expect(hole.command("finish").hints.at(-1)).toBe("Select the polygons to cut first");
    doc.select(["a"]);
    for (const at of [
      [20, 20],
      [40, 20],
      [40, 40],
    ] as Point[])
      hole.click(at);
    hole.command("finish");
    expect(doc.get("a")?.geometry).toMatchObject({ rings: [{ length: 4 }, { length: 3 }] });
    new Hand("split", doc).click([60, -5]).click([60, 90]).command("finish");
    expect(doc.shapes).toHaveLength(3);
    expect(doc.get("b")).toEqual(box("b", 0, 0));
    doc.undo();
    doc.undo();
    expect(doc.get("a")?.geometry).toEqual({ kind: "polygon", rings: [ring] });
  });
});

describe("brush and eraser", () => {
  vi.stubGlobal("document", { createElement: () => ({ width: 0, height: 0, getContext: () => null }) });

  it("go on with the selected mask stroke by stroke, and each stroke is undone by itself", () => {
    const brush = new Hand("brush").pull([
      [20, 20],
      [60, 20],
    ]);
    const area = () => maskArea(brush.last as Mask);
    const first = area();
    expect(first).toBeGreaterThan(400);
    brush.pull([
      [20, 60],
      [60, 60],
    ]);
    const second = area();
    expect([brush.doc.shapes.length, second > first]).toEqual([1, true]);
    brush.doc.undo();
    expect(area()).toBe(first);
    // From the mask as it is now, not as it was before undo.
    brush.click([100, 50]);
    expect(area()).toBeLessThan(second);
    brush.doc.select([]);
    brush.click([150, 50]);
    expect(brush.doc.shapes).toHaveLength(2);
  });

  it("erasing all of a mask removes it", () => {
    const brush = new Hand("brush").click([50, 50]);
    const eraser = new Hand("eraser", brush.doc);
    eraser.click([53, 50]);
    expect(brush.doc.shapes).toHaveLength(1);
    eraser
      .pull([
        [40, 50],
        [60, 50],
      ])
      .pull([
        [40, 45],
        [60, 45],
      ])
      .pull([
        [40, 55],
        [60, 55],
      ]);
    expect(brush.doc.shapes).toHaveLength(0);
    brush.doc.undo();
    expect(brush.doc.shapes).toHaveLength(1);
  });
});

describe("select", () => {
  it("a click chooses, Shift adds and takes away, nothing under it chooses nothing", () => {
    const doc = holding(box("a", 0, 0), box("b", 50, 50));
    const hand = new Hand("select", doc).click([10, 5]);
    expect([...doc.selection]).toEqual(["a"]);
    hand.click([60, 55], { shift: true });
    expect([...doc.selection]).toEqual(["a", "b"]);
    hand.click([10, 5], { ctrl: true });
    expect([...doc.selection]).toEqual(["b"]);
    hand.click([150, 90]);
    expect(doc.selection.size).toBe(0);
    expect(doc.snapshot.undo).toBeNull();
  });

  it("moves the whole selection, groups together, and stops at the image's edge", () => {
    const doc = holding(box("a", 10, 10, { group: 1 }), box("b", 50, 50, { group: 1 }));
    new Hand("select", doc).pull([
      [12, 12],
      [20, 12],
      [0, 500],
    ]);
    expect(doc.get("a")?.geometry).toMatchObject({ x: 0, y: 50 });
    expect(doc.get("b")?.geometry).toMatchObject({ x: 40, y: 90 });
    doc.undo();
    expect(doc.get("a")?.geometry).toMatchObject({ x: 10, y: 10 });
  });

  it("pulls a handle of the one selected shape; moving a suggestion decides about it", () => {
    const suggestion = box("p", 10, 10, { score: 0.9, model: "1" });
    const doc = Doc.from(null, { type: "shapes", shapes: [suggestion], tags: [] });
    const hand = new Hand("select", doc).click([20, 15]).pull([
      [30, 20],
      [40, 30],
      [50, 60],
    ]);
    expect(doc.get("p")?.geometry).toEqual({ kind: "box", x: 10, y: 10, w: 40, h: 50 });
    expect([...doc.snapshot.undecided]).toEqual([]);
    doc.undo();
    expect([...doc.snapshot.undecided]).toEqual(["p"]);
    expect(hand.doc.get("p")).toEqual(suggestion);
  });

  it("locked shapes stay where they are", () => {
    const doc = holding(box("a", 10, 10));
    doc.apply({ locked: new Set(["a"]) }, "lock");
    doc.select(["a"]);
    new Hand("select", doc).pull([
      [20, 15],
      [60, 60],
    ]);
    expect(doc.get("a")).toEqual(box("a", 10, 10));
  });

  it("a rectangle chooses what lies in it", () => {
    const doc = holding(box("a", 10, 10), box("b", 50, 50), box("c", 150, 10));
    new Hand("select", doc).pull([
      [1, 1],
      [90, 90],
    ]);
    expect([...doc.selection]).toEqual(["a", "b"]);
  });

  it("a clicked point goes with back, Alt takes one at once", () => {
    const doc = holding(
      newShape("a", 0, {
        kind: "polygon",
        rings: [
          [
            [0, 0],
            [50, 0],
            [50, 50],
            [0, 50],
          ],
        ],
      }),
    );
    const hand = new Hand("select", doc).click([25, 25]).click([50, 0]).command("back");
    expect(doc.get("a")?.geometry).toEqual({
      kind: "polygon",
      rings: [
        [
          [0, 0],
          [50, 50],
          [0, 50],
        ],
      ],
    });
    hand.command("back");
    expect(doc.snapshot.undo).toBe("Remove a point");
    doc.undo();
    hand.click([50, 50], { alt: true });
    expect(doc.get("a")?.geometry).toEqual({
      kind: "polygon",
      rings: [
        [
          [0, 0],
          [50, 0],
          [0, 50],
        ],
      ],
    });
  });
});
