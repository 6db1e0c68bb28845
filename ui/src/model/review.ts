// One person's way through the second look: the list, where they are in it, what they said, and the way back.

import { createStore, type StoreApi } from "zustand/vanilla";
import type { components } from "../api/schema";
import { randomKey } from "./ids";
import type { Outbox, Post } from "./outbox";
import { classOf } from "./values";

type Wire = components["schemas"];
type Suspect = Wire["Suspect"];

/** What was said of one label. */
export interface Said {
  key: string;
  classId: number;
  /** Names the decision; none until it is on the server's disk. */
  annotationId: number | null;
}

export interface ReviewState {
  /** None before the first answer. */
  rows: readonly Suspect[] | null;
  /** By item. */
  said: ReadonlyMap<number, Said>;
  /** The item on the stage; none when there are no rows. */
  current: number | null;
  /** Items in the order they were decided, the last one first. */
  done: readonly number[];
  /** What the server still has to show, those on this page included. */
  total: number;
  notice: string | null;
}

export class Review {
  readonly store: StoreApi<ReviewState>;
  /** Taken back here: the server lists them again only once it knows. */
  private readonly returned = new Set<number>();

  constructor(
    readonly slug: string,
    private readonly outbox: Pick<Outbox, "put" | "withdraw" | "listen">,
  ) {
    this.store = createStore<ReviewState>(() => ({
      rows: null,
      said: new Map(),
      current: null,
      done: [],
      total: 0,
      notice: null,
    }));
    outbox.listen({
      settled: (post, answer) => this.settled(post, answer),
      refused: (post, error) => this.refused(post, error),
    });
  }

  private get now(): ReviewState {
    return this.store.getState();
  }

  /** A fresh list: what was decided stays where it is, what others settled goes, what is new comes at the end. */
  merge(page: Pick<Wire["SuspectPage"], "rows" | "total">): void {
    const { said, rows, current } = this.now;
    const fresh = new Map(page.rows.map((row) => [row.item.id, row]));
    const kept = (rows ?? []).flatMap((row) => {
      const { id } = row.item;
      if (said.has(id) || this.returned.has(id)) return [fresh.get(id) && !said.has(id) ? (fresh.get(id) ?? row) : row];
      return fresh.get(id) ?? [];
    });
    const known = new Set(kept.map((row) => row.item.id));
    const all = [...kept, ...page.rows.filter((row) => !known.has(row.item.id))];
    const here = all.some((row) => row.item.id === current);
    this.store.setState({
      rows: all,
      total: page.total,
      current: here ? current : (all.find((row) => !said.has(row.item.id))?.item.id ?? all[0]?.item.id ?? null),
    });
  }

  /** Keeps the label (the same class) or changes it, and goes on to the next one nobody has decided. */
  decide(classId: number, seconds: number | null): void {
    const row = currentRow(this.now);
    if (!row) return;
    const { id } = row.item;
    const before = this.now.said.get(id);
    if (before) this.unsay(id, before);
    const key = randomKey();
    this.returned.delete(id);
    this.outbox.put({
      kind: "look",
      key,
      slug: this.slug,
      needs: null,
      itemId: id,
      body: {
        class_id: classId,
        shown: row.prediction,
        seconds: seconds === null ? null : Math.round(seconds * 10) / 10,
      },
    });
    this.store.setState((now) => ({
      said: new Map(now.said).set(id, { key, classId, annotationId: null }),
      done: [id, ...now.done.filter((one) => one !== id)],
      notice: null,
    }));
    this.store.setState({ current: this.nextOpen(id) });
  }

  /** Takes the last decision back; its item lies on the stage again. */
  takeBack(): void {
    const [last, ...done] = this.now.done;
    const was = last === undefined ? undefined : this.now.said.get(last);
    if (last === undefined || !was) return;
    this.unsay(last, was);
    this.store.setState((now) => {
      const said = new Map(now.said);
      said.delete(last);
      return { said, done, current: last, notice: null };
    });
  }

  move(by: 1 | -1): void {
    const { rows, current } = this.now;
    const at = (rows ?? []).findIndex((row) => row.item.id === current);
    const to = rows?.[at + by];
    if (at >= 0 && to) this.store.setState({ current: to.item.id });
  }

  show(itemId: number): void {
    this.store.setState({ current: itemId });
  }

  private unsay(itemId: number, was: Said): void {
    this.returned.add(itemId);
    if (this.outbox.withdraw(was.key)) return;
    this.outbox.put({
      kind: "unlook",
      key: randomKey(),
      slug: this.slug,
      needs: was.annotationId === null ? was.key : null,
      body: { annotation_id: was.annotationId ?? 0 },
    });
  }

  /** The first open one behind this, else before it, else the item itself. */
  private nextOpen(itemId: number): number {
    const { rows, said } = this.now;
    const all = (rows ?? []).map((row) => row.item.id);
    const at = all.indexOf(itemId);
    return [...all.slice(at + 1), ...all.slice(0, at)].find((id) => !said.has(id)) ?? itemId;
  }

  private settled(post: Post, answer: unknown): void {
    if (post.slug !== this.slug || post.kind !== "look") return;
    const { annotation_id } = answer as Wire["Receipt"];
    this.store.setState((now) => ({
      said: new Map(
        [...now.said].map(([id, one]) => [id, one.key === post.key ? { ...one, annotationId: annotation_id } : one]),
      ),
    }));
  }

  private refused(post: Post, error: Error): void {
    if (post.slug !== this.slug || (post.kind !== "look" && post.kind !== "unlook")) return;
    if (post.kind === "unlook") {
      this.store.setState({ notice: `The decision could not be taken back: ${error.message}` });
      return;
    }
    this.store.setState((now) => ({
      said: new Map([...now.said].filter(([, one]) => one.key !== post.key)),
      done: now.done.filter((id) => now.said.get(id)?.key !== post.key),
      notice: `A decision was not saved: ${error.message}`,
    }));
  }
}

export function currentRow(state: ReviewState): Suspect | null {
  return state.rows?.find((row) => row.item.id === state.current) ?? null;
}

/** How many are left, were kept and were changed. */
export function tally({ rows, said }: ReviewState): { left: number; kept: number; changed: number } {
  const decided = (rows ?? []).flatMap((row) => {
    const one = said.get(row.item.id);
    return one ? [one.classId === classOf(row.label.value)] : [];
  });
  const kept = decided.filter(Boolean).length;
  return { left: (rows?.length ?? 0) - decided.length, kept, changed: decided.length - kept };
}

/** "4 of the 5 most similar labeled images are Y"; empty without any. */
export function neighbourWords(row: Suspect, name: (classId: number) => string): string {
  const all = row.neighbours.length;
  const suggested = classOf(row.prediction.value);
  if (all === 0 || suggested === null) return "";
  const same = row.neighbours.filter((one) => one.class_id === suggested).length;
  const which = same === all ? `all ${all}` : `${same} of the ${all}`;
  return `${which} most similar labeled images are ${name(suggested)}`;
}
