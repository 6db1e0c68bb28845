import { describe, expect, it } from "vitest";
import { type NewPost, Outbox, type Post } from "./outbox";
import { MemoryStorage } from "./testing";

class Offline extends Error {}

function world(storage = new MemoryStorage()) {
  const sent: Post[] = [];
  const timers: (() => void)[] = [];
  const net = { answer: (_post: Post): unknown => ({}) };
  const outbox = new Outbox({
    send: async (post) => {
      const answer = net.answer(post);
      sent.push(post);
      return answer;
    },
    passing: (error) => error instanceof Offline,
    storage,
    soon: (run) => run(),
    later: (run) => timers.push(run),
  });
  return { outbox, sent, timers, net, storage };
}

const submit = (key: string, needs: string | null = null): NewPost => ({
  kind: "submit",
  itemId: 1,
  key,
  slug: "dogs",
  needs,
  body: {
    task_id: 1,
    lease_token: "t",
    action: "answer",
    value: { type: "choice", class_id: 0 },
    flag: false,
    seconds: 1,
  },
});

const settle = async () => {
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
};

const offline = () => {
  throw new Offline();
};

describe("outbox", () => {
  it("sends in order and forgets what is on the server's disk", async () => {
    const { outbox, sent, storage } = world();
    outbox.put(submit("a"));
    outbox.put(submit("b"));
    await settle();
    expect(sent.map((post) => post.key)).toEqual(["a", "b"]);
    expect(outbox.posts).toEqual([]);
    expect(storage.length).toBe(0);
  });

  it("keeps everything while offline and sends it in order on return", async () => {
    const { outbox, sent, net, timers } = world();
    net.answer = offline;
    for (const key of ["a", "b", "c"]) outbox.put(submit(key));
    await settle();
    expect(outbox.posts).toHaveLength(3);
    expect(timers).toHaveLength(1);
    net.answer = () => ({});
    outbox.retry();
    await settle();
    expect(sent.map((post) => post.key)).toEqual(["a", "b", "c"]);
  });

  it("backs off while offline, whatever is put meanwhile", async () => {
    const { outbox, net, timers } = world();
    let tries = 0;
    net.answer = () => {
      tries += 1;
      return offline();
    };
    for (const key of ["a", "b", "c"]) {
      outbox.put(submit(key));
      await settle();
    }
    expect(tries).toBe(1);
    timers[0]?.();
    await settle();
    expect(tries).toBe(2);
    expect(timers).toHaveLength(2);
  });

  it("tries at once when the connection came back during a failing try", async () => {
    const { outbox, sent, net } = world();
    net.answer = offline;
    outbox.put(submit("a"));
    net.answer = () => ({});
    outbox.retry();
    await settle();
    expect(sent.map((post) => post.key)).toEqual(["a"]);
  });

  it("replays after a reload, in the order of the decisions", async () => {
    const first = world();
    first.net.answer = offline;
    for (let n = 0; n < 12; n += 1) first.outbox.put(submit(`k${n}`));
    await settle();
    const second = world(first.storage);
    second.outbox.put(submit("later"));
    await settle();
    expect(second.sent.map((post) => post.key)).toEqual([...Array.from({ length: 12 }, (_, n) => `k${n}`), "later"]);
  });

  it("tells of a refused post and goes on with the next", async () => {
    const { outbox, sent, net } = world();
    const refused: string[] = [];
    outbox.listen({ refused: (post, error) => refused.push(`${post.key}: ${error.message}`) });
    net.answer = (post) => {
      if (post.key === "a") throw new Error("somebody else has it");
      return {};
    };
    outbox.put(submit("a"));
    outbox.put(submit("b"));
    await settle();
    expect(refused).toEqual(["a: somebody else has it"]);
    expect(sent.map((post) => post.key)).toEqual(["b"]);
  });

  it("withdraws only what was never sent", async () => {
    const { outbox, net } = world();
    net.answer = offline;
    outbox.put(submit("a"));
    outbox.put(submit("b"));
    await settle();
    expect(outbox.withdraw("a")).toBe(false);
    expect(outbox.withdraw("b")).toBe(true);
    expect(outbox.posts.map((post) => post.key)).toEqual(["a"]);
  });

  it("hands answers on: taking back needs the receipt, deciding again needs the returned task", async () => {
    const { outbox, sent, net } = world();
    net.answer = offline;
    outbox.put(submit("a"));
    outbox.put({ kind: "retract", key: "r", slug: "dogs", needs: "a", body: { annotation_id: 0 } });
    outbox.put(submit("again", "r"));
    await settle();
    net.answer = (post) =>
      post.kind === "retract" ? { id: 7, lease_token: "fresh" } : { annotation_id: 31, item_id: 5 };
    outbox.retry();
    await settle();
    expect(sent[1]?.body).toEqual({ annotation_id: 31 });
    expect(sent[2]?.body).toMatchObject({ task_id: 7, lease_token: "fresh" });
  });

  it("drops what builds on a refused post, and says so", async () => {
    const { outbox, net } = world();
    const refused: string[] = [];
    outbox.listen({ refused: (post) => refused.push(post.key) });
    net.answer = (post) => {
      if (post.kind === "retract") throw new Error("too late");
      return { annotation_id: 1 };
    };
    outbox.put(submit("a"));
    outbox.put({ kind: "retract", key: "r", slug: "dogs", needs: "a", body: { annotation_id: 0 } });
    outbox.put(submit("again", "r"));
    await settle();
    expect(refused).toEqual(["r", "again"]);
    expect(outbox.posts).toEqual([]);
  });

  it("does not send what another tab has withdrawn", async () => {
    const first = world();
    first.net.answer = offline;
    first.outbox.put(submit("head"));
    first.outbox.put(submit("b"));
    await settle();
    const second = world(first.storage);
    expect(first.outbox.withdraw("b")).toBe(true);
    second.outbox.retry();
    await settle();
    expect(second.sent.map((post) => post.key)).toEqual(["head"]);
  });

  it("still sends when the storage is full", async () => {
    const storage = new MemoryStorage();
    storage.setItem = () => {
      throw new Error("quota");
    };
    const { outbox, sent } = world(storage);
    outbox.put(submit("a"));
    await settle();
    expect(sent.map((post) => post.key)).toEqual(["a"]);
  });
});
