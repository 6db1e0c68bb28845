import { describe, expect, it } from "vitest";
import type { components } from "../api/schema";
import type { NewPost, Outcome, Post } from "./outbox";
import { currentRow, neighbourWords, Review, tally } from "./review";

type Wire = components["schemas"];

const suspect = (id: number, said = 0, likely = 1): Wire["Suspect"] => ({
  item: { id, name: `${id}.jpg`, sha256: "ab" } as Wire["Item"],
  label: { item_id: id, value: { type: "choice", class_id: said } } as Wire["Label"],
  prediction: { model: 3, value: { type: "choice", class_id: likely }, confidence: 0.9, probabilities: [] },
  neighbours: [1, 1, 1, 1, 0].map((class_id, at) => ({ item_id: 100 + at, class_id })),
  score: 0.9,
});

function world(...ids: number[]) {
  const posts: NewPost[] = [];
  const outcomes: Outcome[] = [];
  const sent = new Set<string>();
  const review = new Review("dogs", {
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
  review.merge({ rows: ids.map((id) => suspect(id)), total: ids.length });
  const settle = (post: NewPost | undefined, answer: unknown) => {
    if (!post) throw new Error("nothing was sent");
    sent.add(post.key);
    for (const one of outcomes) one.settled?.({ ...post, tries: 1 } as Post, answer);
  };
  const refuse = (post: NewPost | undefined, words: string) => {
    for (const one of outcomes) one.refused?.({ ...post, tries: 1 } as Post, new Error(words));
  };
  const shown = () => currentRow(review.store.getState())?.item.id;
  return { review, posts, sent, settle, refuse, shown, state: () => review.store.getState() };
}

describe("second look", () => {
  it("goes on to the next open one with every decision and counts what was kept", () => {
    const { review, posts, shown, state } = world(1, 2, 3);
    expect(shown()).toBe(1);
    review.move(1);
    review.decide(0, 2.04);
    expect(shown()).toBe(3);
    review.decide(1, null);
    expect(shown()).toBe(1);
    expect(tally(state())).toEqual({ left: 1, kept: 1, changed: 1 });
    const [first] = posts;
    expect(first).toMatchObject({ kind: "look", itemId: 2, body: { class_id: 0, seconds: 2, shown: { model: 3 } } });
  });

  it("takes an unsent decision back without a trace, and a sent one on the server", () => {
    const { review, posts, settle, shown, state } = world(1, 2);
    review.decide(1, 1);
    review.takeBack();
    expect(posts).toEqual([]);
    expect(shown()).toBe(1);
    review.decide(1, 1);
    settle(posts[0], { annotation_id: 7, item_id: 1 });
    review.takeBack();
    expect(posts[1]).toMatchObject({ kind: "unlook", needs: null, body: { annotation_id: 7 } });
    expect(state().said.size).toBe(0);
    review.takeBack();
    expect(posts).toHaveLength(2);
  });

  it("waits for the receipt of a decision that is on its way", () => {
    const { review, posts, sent } = world(1);
    review.decide(1, 1);
    const key = posts[0]?.key ?? "";
    sent.add(key);
    review.takeBack();
    expect(posts[1]).toMatchObject({ kind: "unlook", needs: key });
  });

  it("changes its mind about a decided one: the first decision is taken back", () => {
    const { review, posts, settle, state } = world(1);
    review.decide(1, 1);
    settle(posts[0], { annotation_id: 7, item_id: 1 });
    review.show(1);
    review.decide(0, 1);
    expect(posts.map((post) => post.kind)).toEqual(["look", "unlook", "look"]);
    expect(tally(state())).toEqual({ left: 0, kept: 1, changed: 0 });
  });

  it("keeps its place when a fresh list comes", () => {
    const { review, shown, state } = world(1, 2, 3);
    review.decide(1, 1);
    review.merge({ rows: [suspect(3), suspect(2), suspect(4)], total: 3 });
    expect(state().rows?.map((row) => row.item.id)).toEqual([1, 2, 3, 4]);
    expect(shown()).toBe(2);
    review.merge({ rows: [suspect(3)], total: 1 });
    expect(state().rows?.map((row) => row.item.id)).toEqual([1, 3]);
    expect(shown()).toBe(3);
  });

  it("does not lose what was taken back while the server still has it as decided", () => {
    const { review, posts, settle, state } = world(1);
    review.decide(1, 1);
    settle(posts[0], { annotation_id: 7, item_id: 1 });
    review.takeBack();
    review.merge({ rows: [], total: 0 });
    expect(state().rows?.map((row) => row.item.id)).toEqual([1]);
  });

  it("says what was not saved and opens it again", () => {
    const { review, posts, refuse, state } = world(1);
    review.decide(1, 1);
    refuse(posts[0], "somebody else is working on item 1");
    expect(state().said.size).toBe(0);
    expect(state().done).toEqual([]);
    expect(state().notice).toContain("somebody else");
  });

  it("has nothing to do in an empty list", () => {
    const { review, posts, shown } = world();
    review.decide(1, 1);
    review.move(1);
    review.takeBack();
    expect(shown()).toBeUndefined();
    expect(posts).toEqual([]);
  });

  it("says in words what the neighbours are", () => {
    const name = (id: number) => ["cat", "dog"][id] ?? "";
    expect(neighbourWords(suspect(1), name)).toBe("4 of the 5 most similar labeled images are dog");
    expect(neighbourWords({ ...suspect(1), neighbours: [] }, name)).toBe("");
  });
});
