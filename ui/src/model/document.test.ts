import { describe, expect, it } from "vitest";
import { Doc } from "./document";
import { newShape, type Shape } from "./shape";

const box = (id: string, x = 0): Shape => newShape(id, 0, { kind: "box", x, y: 0, w: 10, h: 10 });
const given = (...ids: string[]): Doc => Doc.from({ type: "shapes", shapes: ids.map((id) => box(id)), tags: [] });
const order = (doc: Doc) => doc.shapes.map((shape) => shape.id).join("");

describe("undo and redo", () => {
  it("take every kind of change back and do it again, to the same document", () => {
    const doc = given("a", "b", "c");
    const steps: (() => void)[] = [
      () => doc.apply({ put: [box("d", 5)], selection: new Set(["d"]) }, "draw"),
      () => doc.apply({ put: [box("a", 99)] }, "move"),
      () => doc.apply({ order: ["d", "c", "b", "a"] }, "order"),
      () => doc.apply({ drop: ["c", "a"] }, "remove"),
      () => doc.apply({ tags: [3] }, "tag"),
      () => doc.apply({ locked: new Set(["b"]), hidden: new Set(["d"]) }, "lock"),
      () => doc.apply({ put: [box("e"), box("b", 7)], drop: ["d"], order: ["e", "b"] }, "all at once"),
    ];
    const seen = [JSON.stringify(doc.toDraft())];
    for (const step of steps) {
      step();
      seen.push(JSON.stringify(doc.toDraft()));
    }
    for (const wanted of seen.slice(0, -1).reverse()) {
      expect(doc.undo()).toBe(true);
      expect(JSON.stringify(doc.toDraft())).toBe(wanted);
    }
    expect(doc.undo()).toBe(false);
    for (const wanted of seen.slice(1)) {
      expect(doc.redo()).toBe(true);
      expect(JSON.stringify(doc.toDraft())).toBe(wanted);
    }
    expect(doc.redo()).toBe(false);
  });

  it("bring a removed shape back with its lock, in its place, selected", () => {
    const doc = given("a", "b", "c");
    doc.apply({ locked: new Set(["b"]) }, "lock");
    doc.select(["b"]);
    doc.apply({ drop: ["b"] }, "remove");
    expect([order(doc), doc.selection.size, doc.snapshot.locked.size]).toEqual(["ac", 0, 0]);
    doc.undo();
    expect(order(doc)).toBe("abc");
    expect([...doc.selection, ...doc.snapshot.locked]).toEqual(["b", "b"]);
  });

  it("join steps of one series until something else happens", () => {
    const doc = given("a", "b");
    for (const x of [1, 2, 3]) doc.apply({ put: [box("a", x)] }, "nudge", "nudge a");
    doc.select(["b"]);
    doc.apply({ put: [box("a", 4)] }, "nudge", "nudge a");
    doc.undo();
    expect(doc.get("a")?.geometry).toMatchObject({ x: 3 });
    doc.undo();
    expect(doc.get("a")?.geometry).toMatchObject({ x: 0 });
    doc.redo();
    expect(doc.get("a")?.geometry).toMatchObject({ x: 3 });
  });

  it("forget what was undone once something new is done", () => {
    const doc = given("a");
    doc.apply({ put: [box("b")] }, "draw");
    doc.undo();
    expect(doc.snapshot.redo).toBe("draw");
    doc.apply({ put: [box("c")] }, "draw");
    expect([doc.redo(), order(doc)]).toEqual([false, "ac"]);
  });
});

describe("pre-labels", () => {
  const offered = (id: string): Shape => ({ ...box(id), score: 0.8, model: "3" });
  const prelabels = { type: "shapes" as const, shapes: [offered("p"), offered("q"), offered("r")], tags: [] };

  it("all wait for a decision where nothing was saved, and are not sent without one", () => {
    const doc = Doc.from(null, prelabels);
    expect([...doc.snapshot.undecided]).toEqual(["p", "q", "r"]);
    expect(doc.toValue().shapes).toEqual([]);
    expect(doc.toDraft().shapes).toHaveLength(3);
  });

  it("come back from a draft as they were: accepted, corrected, rejected, undecided", () => {
    const accepted = { ...offered("p"), iou: 1 };
    const corrected = { ...offered("q"), geometry: box("q", 4).geometry };
    const draft = { type: "shapes" as const, shapes: [accepted, corrected], tags: [] };
    expect([...Doc.from(draft, prelabels).snapshot.undecided]).toEqual([]);
    const open = { ...draft, shapes: [accepted, offered("r")] };
    const doc = Doc.from(open, prelabels);
    expect([...doc.snapshot.undecided]).toEqual(["r"]);
    expect(doc.toValue().shapes.map((shape) => shape.id)).toEqual(["p"]);
  });
});
