import { describe, expect, it } from "vitest";
import type { components } from "../api/schema";
import type { NewPost, Outcome, Post } from "./outbox";
import { focused, members, Triage } from "./triage";

type Wire = components["schemas"];

const stack = (id: string, ...items: number[]): Wire["Stack"] => ({
  id,
  items,
  count: items.length,
  chance: 0.9,
  nearest: null,
  named: null,
});

const CLASSES = ["cat", "Mask"].map((name, id) => ({ id, name, key: null, archived: false })) as Wire["Class"][];

function world() {
  const posts: NewPost[] = [];
  const outcomes: Outcome[] = [];
  const sent = new Set<string>();
  const triage = new Triage("market", 4, {
    put: (post) => void posts.push(post),
    withdraw: (key) => {
      if (sent.has(key)) return false;
      posts.splice(
        posts.findIndex((post) => post.key === key),
        1,
      );
      return true;
    },
    listen: (outcome) => {
      outcomes.push(outcome);
      return () => {};
    },
  });
  triage.merge([stack("a", 1, 2, 3), stack("b", 4, 5), stack("c", 6)]);
  const tell = (post: NewPost | undefined, how: (one: Outcome, post: Post) => void) => {
    if (!post) throw new Error("nothing was sent");
    sent.add(post.key);
    for (const one of outcomes) how(one, { ...post, tries: 1 } as Post);
  };
  const settle = (post: NewPost | undefined, answer: unknown) => tell(post, (one, it) => one.settled?.(it, answer));
  const refuse = (post: NewPost | undefined, words: string) =>
    tell(post, (one, it) => one.refused?.(it, new Error(words)));
  const state = () => triage.store.getState();
  const ids = () =>
    state()
      .stacks?.map((one) => one.id)
      .join("");
  return { triage, posts, settle, refuse, state, ids };
}

const receipt = (labeled: number, left_out = 0) => ({ page: "page-1", class_id: 2, labeled, left_out });

describe("stacks of a batch", () => {
  it("keeps a stack somebody is at work on as it was shown, whatever the answers of others make of it", () => {
    const { triage, state, ids } = world();
    const fresh = [stack("d", 4), stack("e", 1, 2), stack("f", 3, 6)];
    triage.hold("a", true);
    triage.merge(fresh);
    expect(ids()).toBe("da");
    triage.hold("a", false);
    triage.merge(fresh);
    expect(ids()).toBe("def");

    triage.toggleOpen("e");
    triage.toggleItem("e", 2);
    triage.close();
    triage.merge([stack("g", 1, 2, 3, 6)]);
    expect(ids()).toBe("e");
    expect(state().focus).toBe("e");
  });

  it("lets a stack go that was named, though its field is left only afterwards", () => {
    const { triage, ids } = world();
    triage.hold("a", true);
    expect(triage.name("a", "Glove", CLASSES, null)).toBe(true);
    triage.hold("a", true);
    triage.takeBack();
    triage.merge([stack("d", 1, 2), stack("e", 3)]);
    expect(ids()).toBe("de");
  });

  it("lets a stack in hand go when it is no longer listed", () => {
    const { triage, ids } = world();
    triage.hold("a", true);
    triage.merge([stack("b", 4, 5)]);
    expect(ids()).toBe("b");
  });

  it("names a whole stack but for what was left out, and goes on to the next", () => {
    const { triage, posts, state, ids } = world();
    triage.toggleOpen();
    triage.move(1);
    triage.toggleHere();
    expect(triage.name("a", "  Glove ", CLASSES, 3.14)).toBe(true);
    expect(posts[0]).toMatchObject({
      kind: "stack",
      batch: 4,
      stackId: "a",
      verdict: "name",
      body: { class_name: "Glove", leave_out: [2], seconds: 3.1 },
    });
    expect(ids()).toBe("bc");
    expect(state()).toMatchObject({ focus: "b", open: null });
  });

  it("takes a name there is already, however it is written, for that class", () => {
    const { triage, posts } = world();
    triage.name("b", "mask", CLASSES, null);
    expect(posts[0]).toMatchObject({ body: { class_id: 1, leave_out: [] } });
    expect(posts[0]?.kind === "stack" && "class_name" in posts[0].body).toBe(false);
  });

  it("sends nothing for an empty name or when everything was left out", () => {
    const { triage, posts, ids } = world();
    expect(triage.name("a", "  ", CLASSES, null)).toBe(false);
    triage.toggleItem("c", 6);
    expect(triage.name("c", "Glove", CLASSES, null)).toBe(false);
    expect(posts).toEqual([]);
    expect(ids()).toBe("abc");
  });

  it("takes a decision back that was not sent yet without telling the server", () => {
    const { triage, posts, state, ids } = world();
    triage.toggleItem("b", 5);
    triage.known(null);
    expect(ids()).toBe("ac");
    triage.takeBack();
    expect(posts).toEqual([]);
    expect(ids()).toBe("bac");
    expect(focused(state())?.id).toBe("b");
    expect(members(stack("b", 4, 5), state().leftOut.get("b"))).toBe(1);
  });

  it("takes a saved decision back by its page, and one on its way once it has arrived", () => {
    const { triage, posts, settle } = world();
    triage.noise(null);
    settle(posts[0], receipt(3));
    triage.takeBack();
    expect(posts[1]).toMatchObject({ kind: "unstack", needs: null, body: { page: "page-1" } });
  });

  it("shows neither a decided stack again nor loses one taken back, while older answers arrive", () => {
    const { triage, posts, settle, ids } = world();
    triage.noise(null);
    triage.merge([stack("a2", 1, 3, 2), stack("b", 4, 5)]);
    expect(ids()).toBe("b");
    settle(posts[0], receipt(3));
    triage.takeBack();
    triage.merge([stack("b", 4, 5)]);
    expect(ids()).toBe("ab");
    settle(posts[1], []);
    triage.merge([stack("a3", 1, 2, 3), stack("b", 4, 5)]);
    expect(ids()).toBe("a3b");
  });

  it("lists again what was left out of a stack", () => {
    const { triage, ids } = world();
    triage.toggleItem("a", 3);
    triage.name("a", "Glove", CLASSES, null);
    triage.merge([stack("d", 3), stack("b", 4, 5)]);
    expect(ids()).toBe("db");
  });

  it("puts a stack back that the server refused, and says why", () => {
    const { triage, posts, refuse, state, ids } = world();
    triage.name("a", "Glove", CLASSES, null);
    refuse(posts[0], "the batch is finished");
    expect(ids()).toBe("abc");
    expect(state().notice).toBe("The stack was not saved: the batch is finished");
    expect(state().done).toEqual([]);
  });

  it("says what others decided meanwhile", () => {
    const { triage, posts, settle, state } = world();
    triage.known(null);
    settle(posts[0], receipt(2, 1));
    expect(state().notice).toContain("One image was left out of that stack");
    expect(state().done[0]).toMatchObject({ labeled: 2, page: "page-1" });
  });

  it("moves among the stacks, or among the images of the open one, and not beyond", () => {
    const { triage, state } = world();
    triage.move(2);
    triage.move(1);
    expect(state().focus).toBe("c");
    triage.focusOn("a");
    triage.toggleOpen();
    triage.move(9);
    expect(state().open).toEqual({ id: "a", at: 2 });
    triage.close();
    expect(state()).toMatchObject({ open: null, focus: "a" });
  });
});
