import { beforeEach, describe, expect, it } from "vitest";
import { Drawings } from "./drawings";
import { newShape, type Shape, type Shapes } from "./shape";
import { MemoryStorage } from "./testing";

class Offline extends Error {}

const box = (id: string, x = 0): Shape => newShape(id, 0, { kind: "box", x, y: 0, w: 10, h: 10 });
const offered = (id: string, model: string): Shape => ({ ...box(id), score: 0.8, model });
const shapes = (...all: Shape[]): Shapes => ({ type: "shapes", shapes: all, tags: [] });
const ids = (found: Shapes | undefined) => found?.shapes.map((shape) => shape.id);
const settle = async () => {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
};

let storage: MemoryStorage;
let server: Map<number, Shapes>;
let online: boolean;
let waiting: (() => void)[];

function tab(): Drawings {
  return new Drawings("street", {
    load: async (itemId) => {
      if (!online) throw new Offline();
      return server.get(itemId) ?? null;
    },
    save: async (itemId, found) => {
      if (!online) throw new Offline();
      server.set(itemId, found);
    },
    passing: (error) => error instanceof Offline,
    storage,
    later: (run) => waiting.push(run),
  });
}

async function pass() {
  for (const run of waiting.splice(0)) run();
  await settle();
}

describe("drawings", () => {
  beforeEach(() => {
    storage = new MemoryStorage();
    server = new Map();
    online = true;
    waiting = [];
  });

  it("keeps a draft in the browser, then on the server, and then only there", async () => {
    const drawings = tab();
    drawings.open(1, { value: null, prelabels: null }).apply({ put: [box("a")] }, "draw");
    expect([...drawings.store.getState().unsaved]).toEqual([1]);
    await pass();
    expect(ids(server.get(1))).toEqual(["a"]);
    expect(storage.length).toBe(0);
    expect(drawings.store.getState().unsaved.size).toBe(0);
  });

  it("finds the draft again after a reload without a connection, and sends it on return", async () => {
    online = false;
    const before = tab();
    before.open(1, { value: null, prelabels: null }).apply({ put: [box("a")] }, "draw");
    before.flush(); // the page is left
    const drawings = tab();
    expect(ids(drawings.open(1, { value: null, prelabels: null }).toDraft())).toEqual(["a"]);
    await pass();
    expect(server.size).toBe(0);
    online = true;
    drawings.retry();
    await pass();
    expect(ids(server.get(1))).toEqual(["a"]);
    expect(drawings.store.getState().unsaved.size).toBe(0);
  });

  it("takes up what was drawn elsewhere, and loses neither when something is drawn before it arrives", async () => {
    server.set(1, shapes(box("far")));
    const drawings = tab();
    drawings.open(1, { value: null, prelabels: null });
    await settle();
    expect(ids(drawings.store.getState().docs.get(1)?.toDraft())).toEqual(["far"]);

    server.set(2, shapes(box("far")));
    const doc = drawings.open(2, { value: null, prelabels: null });
    doc.apply({ put: [box("near")] }, "draw");
    await settle();
    expect(new Set(ids(doc.toDraft()))).toEqual(new Set(["near", "far"]));
  });

  it("leaves suggestions of an earlier model undecided", async () => {
    server.set(1, shapes(offered("old", "1"), { ...offered("taken", "1"), iou: 1 }, box("own")));
    const drawings = tab();
    drawings.open(1, { value: null, prelabels: shapes(offered("new", "2")) });
    await settle();
    const doc = drawings.store.getState().docs.get(1);
    expect([...(doc?.snapshot.undecided ?? [])]).toEqual(["old"]);
    expect(ids(doc?.toValue())).toEqual(["taken", "own"]);
  });

  it("shows a newer model's suggestions only where nothing was drawn", () => {
    const drawings = tab();
    drawings.open(1, { value: null, prelabels: shapes(offered("a", "1")) });
    const touched = drawings.open(2, { value: null, prelabels: shapes(offered("a", "1")) });
    touched.apply({ put: [box("own")] }, "draw");
    const newer = { value: null, prelabels: shapes(offered("b", "2")) };
    expect(ids(drawings.open(1, newer).toDraft())).toEqual(["b"]);
    expect(drawings.open(2, newer)).toBe(touched);
  });

  it("drops the draft with the decision, and has it again when that is taken back", async () => {
    const drawings = tab();
    const doc = drawings.open(1, { value: null, prelabels: null });
    doc.apply({ put: [box("a")] }, "draw");
    drawings.done(1);
    await pass();
    expect([storage.length, server.size]).toEqual([0, 0]);
    drawings.reopen(1);
    await pass();
    expect(ids(server.get(1))).toEqual(["a"]);
    expect(drawings.open(1, { value: null, prelabels: null })).toBe(doc);
  });

  it("keeps what the server refuses, says why, and forgets only what is saved", async () => {
    const drawings = tab();
    const refuse = new Drawings("street", {
      load: async () => null,
      save: async () => {
        throw new Error("too many points");
      },
      passing: () => false,
      storage,
      later: (run) => waiting.push(run),
    });
    refuse.open(1, { value: null, prelabels: null }).apply({ put: [box("a")] }, "draw");
    await pass();
    expect(refuse.store.getState().refused.get(1)).toBe("too many points");
    expect(ids(tab().open(1, { value: null, prelabels: null }).toDraft())).toEqual(["a"]);

    online = false;
    drawings.open(2, { value: null, prelabels: null }).apply({ put: [box("b")] }, "draw");
    drawings.open(3, { value: null, prelabels: null });
    drawings.keepOnly([4]);
    expect([...drawings.store.getState().docs.keys()]).toEqual([2]);
  });
});
