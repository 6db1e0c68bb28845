import { beforeEach, describe, expect, it } from "vitest";
import type { components } from "../api/schema";
import { Outbox, type Post } from "./outbox";
import { AHEAD, currentCard, type Desk, lookedAt, Session } from "./session";
import { MemoryStorage } from "./testing";
import { choice, classOf } from "./values";

type Wire = components["schemas"];

class Offline extends Error {}

/** A server that keeps promises: leases, receipts, retractions. */
class Server {
  online = true;
  tokens = 0;
  held: Wire["Task"][] = [];
  log: string[] = [];
  refuse = new Set<string>();
  pool: number[];
  decided = new Map<number, { itemId: number; classId: number | null }>();

  constructor(items: number) {
    this.pool = Array.from({ length: items }, (_, n) => n + 1);
  }

  task(itemId: number): Wire["Task"] {
    this.tokens += 1;
    return {
      id: itemId * 10,
      item: { id: itemId, name: `${itemId}.jpg`, sha256: "ab", width: 4, height: 3 } as Wire["Item"],
      round: 1,
      route: "annotate",
      reason: { code: "margin", classes: [0, 1] },
      prediction: { model: 1, value: { type: "choice", class_id: 0 }, confidence: 0.9, probabilities: [] },
      blind: false,
      lease_token: `t${this.tokens}`,
      lease_until: "",
    };
  }

  private reach() {
    if (!this.online) throw new Offline();
  }

  desk: Desk = {
    claim: async (n) => {
      this.reach();
      while (this.held.length < n && this.pool.length > 0) this.held.push(this.task(this.pool.shift() ?? 0));
      return {
        tasks: this.held.slice(0, n),
        left: this.pool.length + this.held.length,
        budget_spent: null,
      };
    },
    claimItem: async (itemId) => {
      this.reach();
      if (itemId > 900) throw new Error(`there is no item ${itemId}`);
      const task = this.task(itemId);
      this.held = [...this.held.filter((one) => one.item.id !== itemId), task];
      this.pool = this.pool.filter((one) => one !== itemId);
      return task;
    },
    history: async () =>
      [...this.decided].reverse().map(([id, { itemId, classId }]) => ({
        annotation: { id, action: "answer", value: { type: "choice", class_id: classId ?? 0 }, shown: null },
        item: { id: itemId, name: `${itemId}.jpg` },
      })) as Wire["Past"][],
  };

  send = async (post: Post): Promise<unknown> => {
    this.reach();
    if (post.kind === "submit") {
      const held = this.held.find((one) => one.id === post.body.task_id && one.lease_token === post.body.lease_token);
      if (!held || this.refuse.has(held.item.name)) throw new Error("it belongs to somebody else by now");
      this.held = this.held.filter((one) => one !== held);
      const annotation = 100 + this.decided.size;
      const classId = classOf(post.body.value);
      this.decided.set(annotation, { itemId: held.item.id, classId });
      this.log.push(`${held.item.id}=${classId ?? "skip"}`);
      return { annotation_id: annotation, item_id: held.item.id };
    }
    if (post.kind === "retract") {
      const { itemId } = this.decided.get(post.body.annotation_id) ?? { itemId: 0 };
      if (!itemId) throw new Error("no such decision");
      const task = this.task(itemId);
      this.held.unshift(task);
      this.log.push(`take back ${itemId}`);
      return task;
    }
    throw new Error("unexpected");
  };
}

const settle = async () => {
  for (let turn = 0; turn < 400; turn += 1) await Promise.resolve();
};

let server: Server;
let outbox: Outbox;
let session: Session;

const onStage = () => currentCard(session.store.getState())?.item.id ?? null;
const strip = () =>
  session.store.getState().strip.map((one) => `${one.card.item.id}:${classOf(one.value)}:${one.state}`);

async function begin(items = 20, itemId: number | null = null) {
  server = new Server(items);
  outbox = new Outbox({
    send: server.send,
    passing: (error) => error instanceof Offline,
    storage: new MemoryStorage(),
    soon: (run) => run(),
    later: () => {},
  });
  session = new Session("dogs", server.desk, outbox);
  await session.open(itemId);
  await settle();
}

describe("session", () => {
  beforeEach(() => begin());

  it("shows the next item at once and keeps cards ahead", async () => {
    session.answer(choice(2), 1.234);
    expect(onStage()).toBe(2);
    await settle();
    expect(server.log).toEqual(["1=2"]);
    expect(session.store.getState().queue).toHaveLength(AHEAD);
    expect(strip()).toEqual(["1:2:saved"]);
  });

  it("never shows a decided item again while its decision travels", async () => {
    server.online = false;
    session.answer(choice(0), 1);
    session.answer(choice(1), 1);
    await settle();
    server.online = true;
    await session.refill();
    const ids = session.store.getState().queue.map((card) => card.item.id);
    expect(ids).toEqual([3, 4, 5, 6, 7]);
    outbox.retry();
    await settle();
    expect(server.log).toEqual(["1=0", "2=1"]);
  });

  it("takes a decision back that was never sent without asking the server", async () => {
    server.online = false;
    session.answer(choice(0), 1); // the one that was tried
    await settle();
    session.answer(choice(1), 1);
    session.takeBack();
    expect(onStage()).toBe(2);
    server.online = true;
    outbox.retry();
    await settle();
    expect(server.log).toEqual(["1=0"]);
    session.answer(choice(3), 1);
    await settle();
    expect(server.log).toEqual(["1=0", "2=3"]);
  });

  it("takes back a saved decision, and the item can be decided again before the server has answered", async () => {
    session.answer(choice(0), 1);
    await settle();
    session.takeBack();
    expect(onStage()).toBe(1);
    session.answer(choice(4), 1);
    expect(onStage()).toBe(2);
    await settle();
    expect(server.log).toEqual(["1=0", "take back 1", "1=4"]);
    expect(strip()).toEqual(["1:4:saved"]);
    expect(session.store.getState().queue.map((card) => card.item.id)).not.toContain(1);
  });

  it("takes back while offline what may have reached the server", async () => {
    server.online = false;
    session.answer(choice(0), 1);
    await settle();
    session.takeBack();
    session.answer(choice(5), 1);
    server.online = true;
    outbox.retry();
    await settle();
    expect(server.log).toEqual(["1=0", "take back 1", "1=5"]);
  });

  it("tells of a refused decision in the strip and goes on", async () => {
    server.refuse.add("1.jpg");
    session.answer(choice(0), 1);
    session.answer(choice(1), 1);
    await settle();
    expect(strip()).toEqual(["2:1:saved", "1:0:refused"]);
    expect(session.store.getState().strip[1]?.problem).toMatch(/somebody else/);
    session.takeBack();
    expect(onStage()).toBe(2);
  });

  it("looks back without taking back, and changes a decision only when another class is chosen", async () => {
    session.answer(choice(0), 1);
    session.answer(choice(1), 1);
    await settle();
    session.back();
    session.back();
    expect(onStage()).toBe(1);
    session.answer(choice(0), 1);
    expect(lookedAt(session.store.getState())).toBeNull();
    expect(onStage()).toBe(3);
    session.back();
    session.answer(choice(7), 1);
    await settle();
    expect(server.log).toEqual(["1=0", "2=1", "take back 2", "2=7"]);
    expect(onStage()).toBe(3);
  });

  it("opens a linked item first, and says when there is none", async () => {
    await begin(20, 9);
    expect(onStage()).toBe(9);
    await begin(20, 999);
    expect(session.store.getState().notice).toMatch(/no item 999/);
    expect(onStage()).toBe(1);
  });

  it("does not ask again for an item whose decision is still on its way, when the page is reloaded on it", async () => {
    server.online = false;
    session.answer(choice(2), 1);
    await settle();
    server.online = true;
    const reloaded = new Session("dogs", server.desk, outbox);
    await reloaded.open(1);
    expect(currentCard(reloaded.store.getState())?.item.id).toBe(2);
    session = reloaded;
    outbox.retry();
    await settle();
    expect(strip()).toEqual(["1:2:saved"]);
  });

  it("proposes the suggestion, not after it was rejected, and not for a decided item", async () => {
    expect(session.proposal()).toBe(0);
    session.dismiss();
    expect(session.proposal()).toBeNull();
    session.choose(3);
    expect(session.proposal()).toBe(3);
    session.answer(choice(3), null);
    expect(session.proposal()).toBe(0);
    session.back();
    expect(session.proposal()).toBeNull();
  });

  it("sends the flag with the decision and forgets it on the next item", async () => {
    session.toggleFlag();
    session.skip(2);
    expect(session.store.getState().draft.flag).toBe(false);
    expect(session.store.getState().strip[0]?.flag).toBe(true);
    await settle();
    expect(server.log).toEqual(["1=skip"]);
  });

  it("ends when nothing is left", async () => {
    await begin(2);
    session.answer(choice(0), 1);
    session.answer(choice(0), 1);
    await settle();
    await session.refill();
    expect(onStage()).toBeNull();
    expect(session.store.getState().left).toBe(0);
  });

  it("leases nothing for a page that nobody opened, whatever else is decided", async () => {
    const other = new Session("dogs", server.desk, outbox);
    session.answer(choice(2), 1);
    await settle();
    expect(other.store.getState()).toMatchObject({ queue: [], left: null });
  });

  it("claims anew what may have been settled by other means", async () => {
    server.held = server.held.filter((one) => one.item.id !== 1); // settled with a stack
    session.forget();
    expect(onStage()).toBeNull();
    await session.open(null);
    expect(onStage()).toBe(2);
  });

  it("keeps the decision when taking it back is refused", async () => {
    session.answer(choice(0), 1);
    await settle();
    server.decided.clear();
    session.takeBack();
    await settle();
    expect(onStage()).toBe(2);
    expect(session.store.getState().notice).toMatch(/could not be taken back/);
  });

  it("passes images without deciding, comes back to them, and keeps enough ahead", async () => {
    for (let passed = 0; passed < 3; passed += 1) session.next();
    expect(onStage()).toBe(4);
    await settle();
    expect(session.store.getState().queue).toHaveLength(AHEAD + 3);
    session.answer(choice(1), 1);
    expect(onStage()).toBe(5);
    for (let passed = 0; passed < 3; passed += 1) session.previous();
    expect(onStage()).toBe(1);
    await settle();
    session.previous();
    expect(lookedAt(session.store.getState())?.card.item.id).toBe(4);
    session.next();
    expect(onStage()).toBe(1);
  });

  it("goes back to what was passed when the end of the queue is decided", async () => {
    await begin(2);
    session.next();
    expect(session.next()).toBe(false);
    session.answer(choice(0), 1);
    expect(onStage()).toBe(1);
  });

  it("sends shapes, and nothing a second time when they are as they were", async () => {
    const shape = { id: "a", class_id: 0, attributes: {}, geometry: { kind: "box" as const, x: 1, y: 1, w: 2, h: 2 } };
    const drawn = { type: "shapes" as const, shapes: [shape], tags: [] };
    session.answer(drawn, 1);
    await settle();
    session.back();
    session.answer({ ...drawn, shapes: [{ ...shape, iou: null }] }, 1);
    await settle();
    expect(server.log).toEqual(["1=skip"]); // what the double writes for a value without a class
    session.back();
    session.answer({ ...drawn, tags: [1] }, 1);
    await settle();
    expect(server.log).toHaveLength(3);
  });

  it("brings an image back whose drawing the server refused, with what was drawn and the reason", async () => {
    server.refuse.add("1.jpg");
    const drawn = { type: "shapes" as const, shapes: [], tags: [3] };
    session.answer(drawn, 1);
    await settle();
    const state = session.store.getState();
    expect(onStage()).toBe(1);
    expect(currentCard(state)).toMatchObject({ before: drawn, lease: { needs: null } });
    expect(state.notice).toMatch(/1\.jpg was not saved: it belongs/);
    expect(strip()).toEqual([]);
  });
});
