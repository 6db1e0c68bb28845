import { beforeEach, describe, expect, it } from "vitest";
import type { components } from "../api/schema";
import { between, layout, moved, touched } from "./grid";
import { relabeled, tally, toggled, withWrong } from "./marks";
import { Outbox, type Post } from "./outbox";
import { PAGE, Pages, pageOf, pageSize } from "./pages";
import { countAbove, errorRate, expectedWrong } from "./validation";

type Wire = components["schemas"];
class Offline extends Error {}

const kept = new Map<string, string>();
const storage = {
  get length() {
    return kept.size;
  },
  key: (index: number) => [...kept.keys()][index] ?? null,
  getItem: (name: string) => kept.get(name) ?? null,
  setItem: (name: string, value: string) => void kept.set(name, value),
  removeItem: (name: string) => void kept.delete(name),
};

const settle = async () => {
  for (let turn = 0; turn < 400; turn += 1) await Promise.resolve();
};

let online = true;
let sent: Post[] = [];
let waiting: number[] = [];
let taken: number[] = [];
let leases = 0;
let pages: Pages;
let outbox: Outbox;

function task(itemId: number): Wire["Task"] {
  leases += 1;
  return { id: 1000 + leases, item: { id: itemId, name: `${itemId}` }, lease_token: `t${leases}` } as Wire["Task"];
}

const itemOf = new Map<number, number>();

beforeEach(async () => {
  kept.clear();
  itemOf.clear();
  online = true;
  sent = [];
  taken = [];
  leases = 0;
  waiting = Array.from({ length: 150 }, (_, n) => n + 1);
  outbox = new Outbox({
    send: async (post) => {
      if (!online) throw new Offline();
      sent.push(post);
      if (post.kind === "confirm") {
        const items = post.body.tasks.map(([id]) => itemOf.get(id as number) ?? 0);
        waiting = waiting.filter((one) => !items.includes(one));
        return { page: "page-1", confirmed: items.length, relabeled: 0, returned: 0, left_out: 0 };
      }
      waiting = Array.from({ length: 150 }, (_, n) => n + 1);
      const back = waiting
        .slice(0, PAGE)
        .filter((one) => !taken.includes(one))
        .map(task);
      for (const one of back) itemOf.set(one.id, one.item.id);
      return back;
    },
    passing: (error) => error instanceof Offline,
    storage,
    soon: (run) => run(),
    later: () => {},
  });
  pages = new Pages(
    "dogs",
    async ({ size }) => {
      const tasks = waiting.slice(0, size).map(task);
      for (const one of tasks) itemOf.set(one.id, one.item.id);
      return { tasks, total: waiting.length, elsewhere: 0, expected_wrong: null };
    },
    outbox,
  );
  pages.show(0, 0.9);
  await settle();
});

const itemsOnPage = () => pageOf(pages.store.getState()).map((one) => one.item.id);

describe("pages", () => {
  it("confirms a page with its marks, and the next one is there at once", async () => {
    pages.toggle(1);
    pages.toggle(2);
    pages.relabel(7);
    pages.toggle(3);
    pages.confirm(12.34);
    expect(itemsOnPage()[0]).toBe(PAGE + 1);
    await settle();
    const [post] = sent;
    if (post?.kind !== "confirm") throw new Error("a page was confirmed");
    expect(post.body.tasks).toHaveLength(PAGE);
    expect(post.body.wrong?.map((id) => itemOf.get(id))).toEqual([4]);
    expect(Object.entries(post.body.relabeled ?? {}).map(([id, to]) => [itemOf.get(Number(id)), to])).toEqual([
      [2, 7],
      [3, 7],
    ]);
    expect(post.body.seconds).toBe(12.3);
  });

  it("fetches more when the leased pages are used up", async () => {
    for (let page = 0; page < 3; page += 1) pages.confirm(1);
    await settle();
    expect(sent).toHaveLength(3);
    expect(itemsOnPage()).toEqual([]);
    expect(pages.store.getState()).toMatchObject({ total: 0, loading: false });
  });

  it("has pages of the size that suits the class, and none changes under somebody's marks", async () => {
    pages.toggle(1);
    pages.sizes(() => 24);
    pages.resize();
    expect(itemsOnPage()).toHaveLength(PAGE);
    pages.confirm(1);
    expect(itemsOnPage()).toHaveLength(24);
    await settle();
    pages.sizes((classId) => (classId === 3 ? 12 : 80));
    expect(itemsOnPage()).toHaveLength(24);
    pages.resize();
    expect(itemsOnPage()).toHaveLength(80);
    pages.takeBack();
    expect(itemsOnPage()).toHaveLength(PAGE); // as it was
    await settle();
    pages.show(3, 0.9);
    await settle();
    expect(itemsOnPage()).toHaveLength(12);
  });

  it("takes a whole page back with its marks, sent or not", async () => {
    pages.toggle(5);
    pages.confirm(1);
    await settle();
    pages.takeBack();
    expect(itemsOnPage()[0]).toBe(1);
    await settle();
    expect(sent.map((post) => post.kind)).toEqual(["confirm", "unconfirm"]);
    expect(sent[1]?.body).toEqual({ page: "page-1" });
    expect(pages.store.getState().marks.get(6)).toBe("wrong");

    online = false;
    pages.toggle(0);
    pages.confirm(1); // tried, and kept
    await settle();
    pages.confirm(1); // never tried
    pages.takeBack();
    expect(outbox.posts).toHaveLength(1);
    expect(itemsOnPage()[0]).toBe(PAGE + 1);
  });

  it("shows the page that was taken back, whatever model came since, and says what is gone from it", async () => {
    pages.toggle(5);
    pages.confirm(1);
    await settle();
    waiting = waiting.reverse(); // a new model would lay another page
    taken = [4];
    pages.takeBack();
    pages.confirm(1); // nothing is confirmed with leases that are used up
    await settle();
    expect(sent.map((post) => post.kind)).toEqual(["confirm", "unconfirm"]);
    expect(itemsOnPage().slice(0, 6)).toEqual([1, 2, 3, 5, 6, 7]);
    expect(pages.store.getState()).toMatchObject({ loading: false, total: 149 });
    expect(pages.store.getState().marks.get(6)).toBe("wrong");
    expect(pages.store.getState().notice).toContain("One item is");
    const [first] = pageOf(pages.store.getState());
    pages.confirm(1);
    await settle();
    expect(sent[2]).toMatchObject({ body: { tasks: expect.arrayContaining([[first?.id, first?.lease_token]]) } });
  });

  it("marks a range from the anchor, and only adds marks", () => {
    pages.toggle(2);
    pages.focusOn(4, between(2, 4));
    pages.focusOn(5, between(2, 5));
    expect([...pages.store.getState().marks.keys()]).toEqual([3, 4, 5, 6]);
  });
});

describe("marks", () => {
  it("relabel what is marked wrong, else the focused item; the suggested class clears", () => {
    const wrong = withWrong(new Map(), [1, 2]);
    expect([...relabeled(wrong, 3, 0, 9)]).toEqual([
      [1, 3],
      [2, 3],
    ]);
    expect([...relabeled(new Map(), 3, 0, 9)]).toEqual([[9, 3]]);
    expect(relabeled(wrong, 0, 0, null).size).toBe(0);
    expect(tally(relabeled(toggled(wrong, 2), 3, 0, null), 10)).toEqual({ confirmed: 9, wrong: 0, relabeled: 1 });
  });
});

describe("page size", () => {
  it("is the server's wish in whole rows, or what somebody chose", () => {
    expect(pageSize(60, null, 8)).toBe(64);
    expect(pageSize(12, null, 7)).toBe(14);
    expect(pageSize(192, null, 9)).toBe(189);
    expect(pageSize(200, null, 9)).toBe(198);
    expect(pageSize(undefined, null, 1)).toBe(PAGE);
    expect(pageSize(36, 120, 7)).toBe(120);
  });
});

describe("grid", () => {
  const grid = layout(500, 120, 10); // 4 columns of 125

  it("moves by cells and rows and stays on the grid", () => {
    expect(grid.columns).toBe(4);
    expect(moved(0, "left", grid)).toBe(0);
    expect(moved(5, "up", grid)).toBe(1);
    expect(moved(1, "up", grid)).toBe(1);
    expect(moved(7, "down", grid)).toBe(9); // the last row is shorter
    expect(moved(9, "down", grid)).toBe(9);
    expect(moved(3, "last", grid)).toBe(9);
  });

  it("finds the cells a rectangle touches, dragged in any direction", () => {
    expect(touched({ x: 260, y: 130 }, { x: 10, y: 10 }, grid)).toEqual([0, 1, 2, 4, 5, 6]);
    expect(touched({ x: 300, y: 300 }, { x: 499, y: 360 }, grid)).toEqual([]);
    expect(touched({ x: -40, y: -40 }, { x: 10, y: 10 }, grid)).toEqual([0]);
  });
});

describe("expected errors", () => {
  it("counts bins at and above a threshold", () => {
    const histogram = Array.from({ length: 50 }, (_, bin) => (bin === 45 ? 3 : bin === 49 ? 4 : 0));
    expect(countAbove(histogram, 0.9)).toBe(7);
    expect(countAbove(histogram, 0.92)).toBe(4);
    expect(countAbove(histogram, 0)).toBe(7);
  });

  it("gives the Wilson interval of what the blind labels showed", () => {
    const errors = Array.from({ length: 40 }, (_, n): [number, boolean] => [n < 30 ? 0.95 : 0.5, n < 3]);
    const rate = errorRate(errors, 0.9);
    expect(rate).toMatchObject({ mean: 0.1, n: 30 });
    expect(rate?.low).toBeCloseTo(0.0346, 3);
    expect(rate?.high).toBeCloseTo(0.2562, 3);
    expect(errorRate(errors, 0.99)).toBeNull();
    expect(expectedWrong({ mean: 0.1, low: 0.05, high: 0.2, n: 30 }, 200)).toEqual({
      mean: 20,
      low: 10,
      high: 40,
      n: 30,
    });
  });
});
