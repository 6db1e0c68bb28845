import { describe, expect, it } from "vitest";
import { Doc } from "./document";
import * as edit from "./edits";
import { newShape, type Shape, type Shapes } from "./shape";
import { aClass } from "./testing";

const box = (id: string, x = 0, y = 0): Shape => newShape(id, 0, { kind: "box", x, y, w: 10, h: 10 });
const offered = (id: string, score: number, x = 0, y = 0): Shape => ({ ...box(id, x, y), score, model: "3" });
const shapes = (...all: Shape[]): Shapes => ({ type: "shapes", shapes: all, tags: [] });
const ids = (doc: Doc) => doc.shapes.map((shape) => shape.id);
const withSuggestions = () => Doc.from(null, shapes(offered("a", 0.9), offered("b", 0.4, 50), offered("c", 0.7, 400)));

describe("suggestions", () => {
  it("are accepted from a score on and rejected below, each in one step", () => {
    const doc = withSuggestions();
    const { above, below } = edit.split(edit.waiting(doc), 0.7);
    expect(
      edit.accept(
        doc,
        above.map(({ id }) => id),
      ),
    ).toBe(2);
    expect(
      edit.reject(
        doc,
        below.map(({ id }) => id),
      ),
    ).toBe(1);
    expect(doc.toValue().shapes.map(({ id, iou, score }) => [id, iou, score])).toEqual([
      ["a", 1, 0.9],
      ["c", 1, 0.7],
    ]);
    doc.undo();
    doc.undo();
    expect(edit.waiting(doc)).toHaveLength(3);
    expect(doc.toValue().shapes).toEqual([]);
  });

  it("stay accepted in a draft, and are offered one after the other to the nearest", () => {
    const doc = withSuggestions();
    edit.accept(doc, ["a"]);
    const again = Doc.from(doc.toDraft(), shapes(offered("a", 0.9), offered("b", 0.4, 50), offered("c", 0.7, 400)));
    expect([...again.snapshot.undecided]).toEqual(["b", "c"]);
    expect(edit.nextWaiting(doc, doc.get("a") ?? null)?.id).toBe("b");
    expect(edit.nextWaiting(doc, doc.get("a") ?? null, (shape) => (shape.score ?? 0) > 0.5)?.id).toBe("c");
  });

  it("count as corrected when their class changes or they are moved", () => {
    const doc = withSuggestions();
    edit.setClass(doc, [doc.shapes[0] as Shape], aClass(1, "truck"));
    edit.nudge(doc, [doc.get("c") as Shape], 1, 0);
    expect(doc.toValue().shapes.map(({ id, class_id, score }) => [id, class_id, score])).toEqual([
      ["a", 1, 0.9],
      ["c", 0, 0.7],
    ]);
  });
});

describe("changes", () => {
  it("give a class only to shapes it may have, with the answers it knows and its defaults", () => {
    const colour = {
      name: "colour",
      kind: "choice" as const,
      choices: ["red", "blue"],
      default: "red",
      required: false,
    };
    const age = { name: "age", kind: "number" as const, choices: [], default: 1, required: false };
    const car = aClass(1, "car", { shapes: ["box"], attributes: [colour, age] });
    const line = newShape("line", 0, {
      kind: "polyline",
      points: [
        [0, 0],
        [5, 5],
      ],
    });
    const doc = Doc.from(shapes({ ...box("a"), attributes: { colour: "blue", age: "old", mood: "good" } }, line));
    expect(edit.setClass(doc, doc.shapes, car)).toBe(1);
    expect(doc.get("a")).toMatchObject({ class_id: 1, attributes: { colour: "blue", age: 1 } });
    expect(doc.get("line")?.class_id).toBe(0);
  });

  it("leave what is locked alone", () => {
    const doc = Doc.from(shapes(box("a"), box("b")));
    edit.toggle(doc, "locked", [doc.get("a") as Shape]);
    edit.remove(doc, doc.shapes);
    expect(ids(doc)).toEqual(["a"]);
    edit.nudge(doc, doc.shapes, 3, 3);
    expect(doc.get("a")?.geometry).toMatchObject({ x: 0 });
  });

  it("paste beside the original and in the same place elsewhere, as shapes of one's own, with groups of their own", () => {
    const doc = Doc.from(shapes({ ...offered("a", 0.9), group: 1 }, { ...box("b", 50), group: 1 }));
    edit.paste(doc, doc.shapes);
    const [first, second] = doc.selected;
    expect(first).toMatchObject({ score: null, model: null, group: 2, geometry: { x: 12, y: 12 } });
    expect(second?.group).toBe(2);
    const other = Doc.from(null);
    edit.paste(other, doc.shapes.slice(0, 1));
    expect(other.shapes[0]?.geometry).toMatchObject({ x: 0, y: 0 });
    expect(other.shapes[0]?.id).not.toBe("a");
  });

  it("order, group, hide and tag, and every step is taken back by one undo", () => {
    const doc = Doc.from(shapes(box("a"), box("b"), box("c")));
    const before = doc.toDraft();
    edit.restack(doc, [doc.get("a") as Shape], true);
    expect(ids(doc)).toEqual(["b", "c", "a"]);
    edit.group(doc, doc.shapes.slice(0, 2));
    edit.ungroup(doc, doc.shapes.slice(0, 1));
    expect(doc.shapes.map((shape) => shape.group)).toEqual([null, 1, null]);
    edit.toggle(doc, "hidden", doc.shapes);
    edit.showAll(doc);
    edit.toggleTag(doc, aClass(2, "night"));
    expect(doc.tags).toEqual([2]);
    edit.setAttribute(doc, doc.shapes.slice(0, 1), "note", "far");
    for (let step = 0; step < 7; step += 1) doc.undo();
    expect(doc.toDraft()).toEqual(before);
  });

  it("type of an attribute is one step however many keys it took", () => {
    const doc = Doc.from(shapes(box("a")));
    for (const text of ["f", "fa", "far"]) edit.setAttribute(doc, doc.shapes, "note", text);
    doc.undo();
    expect(doc.shapes[0]?.attributes).toEqual({});
  });

  it("says which shape misses an answer before it is sent", () => {
    const needed = { name: "colour", kind: "text" as const, choices: [], default: null, required: true };
    const found = edit.problems(shapes(box("a")), [aClass(0, "car", { attributes: [needed] })]);
    expect(found).toEqual([{ id: "a", text: "car: “colour” needs an answer" }]);
  });
});
