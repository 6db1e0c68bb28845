// One person's way through the stacks of a new batch: what is decided about whole stacks, what stays out, and the way back.

import { createStore, type StoreApi } from "zustand/vanilla";
import type { components } from "../api/schema";
import { folded, nameProblem, normalName } from "./classes";
import { randomKey } from "./ids";
import type { Outbox, Post } from "./outbox";

type Wire = components["schemas"];
type Stack = Wire["Stack"];

export type Verdict = "name" | "known" | "noise";

/** What was said of one stack. */
export interface Said {
  key: string;
  stack: Stack;
  verdict: Verdict;
  /** The name that was typed or chosen; empty unless it was named. */
  name: string;
  leftOut: readonly number[];
  /** Takes it back; none until it is on the server's disk. */
  page: string | null;
  labeled: number | null;
}

export interface TriageState {
  /** None before the first answer. */
  stacks: readonly Stack[] | null;
  /** The stack the keys are about. */
  focus: string | null;
  /** The stack that lies open, with the place of the item the keys are about. */
  open: { id: string; at: number } | null;
  /** Items that do not belong, by stack. */
  leftOut: ReadonlyMap<string, ReadonlySet<number>>;
  /** Newest first. */
  done: readonly Said[];
  notice: string | null;
}

const NOBODY: ReadonlySet<number> = new Set();
const UNDO = 20;

export class Triage {
  readonly store: StoreApi<TriageState>;
  /** Taken back here: the server lists them again only once it knows. */
  private readonly returning = new Map<string, Stack>();
  /** Their name is being typed. */
  private readonly typing = new Set<string>();

  constructor(
    readonly slug: string,
    readonly batch: number,
    private readonly outbox: Pick<Outbox, "put" | "withdraw" | "listen">,
  ) {
    this.store = createStore<TriageState>(() => ({
      stacks: null,
      focus: null,
      open: null,
      leftOut: new Map(),
      done: [],
      notice: null,
    }));
    outbox.listen({
      settled: (post, answer) => this.settled(post, answer),
      refused: (post, error) => this.refused(post, error),
    });
  }

  private get now(): TriageState {
    return this.store.getState();
  }

  /**
   * A fresh list of stacks. What was decided here a moment ago does not come back with an older answer, and a stack
   * somebody is at work on stays as it was shown, in place of those it would fall into.
   */
  merge(fresh: readonly Stack[]): void {
    const decided = new Set(this.now.done.flatMap((one) => one.stack.items.filter((id) => !one.leftOut.includes(id))));
    const open = fresh.filter((stack) => stack.named === null && !stack.items.every((id) => decided.has(id)));
    const there = new Set(open.flatMap((stack) => stack.items));
    const returning = [...this.returning.values()].filter((stack) => !stack.items.some((id) => there.has(id)));
    const hands = (this.now.stacks ?? []).filter((stack) => this.inHand(stack.id));
    const laid = open.map((stack) => hands.find((one) => one.items.some((id) => stack.items.includes(id))) ?? stack);
    this.place([...returning, ...new Set(laid)]);
  }

  private inHand(id: string): boolean {
    return this.typing.has(id) || this.now.open?.id === id || (this.now.leftOut.get(id)?.size ?? 0) > 0;
  }

  /** Whether somebody is typing the name of a stack, or has left one half typed. */
  hold(id: string, typing: boolean): void {
    // A field is left after its stack was decided, too: nobody types there any more.
    if (typing && this.now.stacks?.some((one) => one.id === id)) this.typing.add(id);
    else this.typing.delete(id);
  }

  private place(stacks: readonly Stack[], wanted = this.now.focus): void {
    const { open, stacks: before } = this.now;
    const here = stacks.some((stack) => stack.id === wanted);
    const at = Math.max(0, before?.findIndex((stack) => stack.id === wanted) ?? 0);
    this.store.setState({
      stacks,
      focus: here ? wanted : (stacks[Math.min(at, stacks.length - 1)]?.id ?? null),
      open: open && stacks.some((stack) => stack.id === open.id) ? open : null,
    });
  }

  // --- looking ---

  focusOn(id: string): void {
    this.store.setState(({ open }) => ({ focus: id, open: open?.id === id ? open : null }));
  }

  /** To the next stack, or to the next item of the one that lies open. */
  move(by: number): void {
    const { stacks, focus, open } = this.now;
    const stack = focused(this.now);
    if (open && stack) {
      const at = Math.min(stack.items.length - 1, Math.max(0, open.at + by));
      this.store.setState({ open: { id: open.id, at } });
      return;
    }
    const at = (stacks ?? []).findIndex((one) => one.id === focus);
    const to = stacks?.[at + by];
    if (at >= 0 && to) this.store.setState({ focus: to.id });
  }

  /** Opens a stack into its grid, or closes it. */
  toggleOpen(id = this.now.focus): void {
    if (id === null) return;
    this.store.setState(({ open }) => ({ focus: id, open: open?.id === id ? null : { id, at: 0 } }));
  }

  close(): void {
    this.store.setState({ open: null });
  }

  /** Takes one item out of the stack, or puts it back. */
  toggleItem(stackId: string, itemId: number): void {
    this.store.setState(({ leftOut, stacks }) => {
      const out = new Set(leftOut.get(stackId));
      if (!out.delete(itemId)) out.add(itemId);
      const at = stacks?.find((one) => one.id === stackId)?.items.indexOf(itemId) ?? 0;
      return {
        leftOut: new Map(leftOut).set(stackId, out),
        open: { id: stackId, at: Math.max(0, at) },
        focus: stackId,
      };
    });
  }

  /** The same for the item the keys are about. */
  toggleHere(): void {
    const { open } = this.now;
    const itemId = open ? focused(this.now)?.items[open.at] : undefined;
    if (open && itemId !== undefined) this.toggleItem(open.id, itemId);
  }

  // --- deciding ---

  /** Names a stack: a name there is already means that class, any other adds one. False: the name cannot be used. */
  name(stackId: string, typed: string, classes: readonly Wire["Class"][], seconds: number | null): boolean {
    if (nameProblem(typed) !== null) return false;
    const name = normalName(typed);
    const known = classes.find((one) => folded(one.name) === folded(name));
    return this.decide(stackId, "name", known?.name ?? name, known?.id ?? null, seconds);
  }

  known(seconds: number | null): void {
    if (this.now.focus !== null) this.decide(this.now.focus, "known", "", null, seconds);
  }

  noise(seconds: number | null): void {
    if (this.now.focus !== null) this.decide(this.now.focus, "noise", "", null, seconds);
  }

  /** The stack leaves at once; the decision travels in the background. */
  decide(stackId: string, verdict: Verdict, name: string, classId: number | null, seconds: number | null): boolean {
    const stack = this.now.stacks?.find((one) => one.id === stackId);
    const leftOut = [...(this.now.leftOut.get(stackId) ?? NOBODY)];
    if (!stack || leftOut.length >= stack.count) return false;
    const key = randomKey();
    const about = { kind: "stack" as const, key, slug: this.slug, needs: null, batch: this.batch, stackId };
    const body = { leave_out: leftOut, seconds: seconds === null ? null : Math.round(seconds * 10) / 10 };
    const named = classId === null ? { class_name: name } : { class_id: classId };
    this.outbox.put(
      verdict === "name" ? { ...about, verdict, body: { ...body, ...named } } : { ...about, verdict, body },
    );
    const said: Said = { key, stack, verdict, name, leftOut, page: null, labeled: null };
    this.store.setState(({ done }) => ({ done: [said, ...done].slice(0, UNDO), notice: null }));
    this.place((this.now.stacks ?? []).filter((one) => one.id !== stackId));
    return true;
  }

  /** Takes the last decision back: its stack lies there again, with what was left out of it. */
  takeBack(): void {
    const [last, ...done] = this.now.done;
    if (!last) return;
    if (!this.outbox.withdraw(last.key)) {
      const key = randomKey();
      this.returning.set(key, last.stack);
      const needs = last.page === null ? last.key : null;
      this.outbox.put({ kind: "unstack", key, slug: this.slug, needs, body: { page: last.page ?? "" } });
    }
    this.store.setState(({ leftOut }) => ({
      done,
      leftOut: new Map(leftOut).set(last.stack.id, new Set(last.leftOut)),
      notice: null,
    }));
    this.putBack(last.stack);
  }

  private putBack(stack: Stack): void {
    const rest = (this.now.stacks ?? []).filter((one) => one.id !== stack.id);
    this.place([stack, ...rest], stack.id);
  }

  private settled(post: Post, answer: unknown): void {
    if (post.kind === "unstack") this.returning.delete(post.key);
    if (post.kind !== "stack" || post.slug !== this.slug || post.batch !== this.batch) return;
    const { page, labeled, left_out } = answer as Wire["StackReceipt"];
    const were = left_out === 1 ? "One image was" : `${left_out} images were`;
    this.store.setState(({ done, notice }) => ({
      done: done.map((one) => (one.key === post.key ? { ...one, page, labeled } : one)),
      notice: left_out > 0 ? `${were} left out of that stack: somebody else decided on them meanwhile.` : notice,
    }));
  }

  private refused(post: Post, error: Error): void {
    if (post.kind === "unstack" && this.returning.has(post.key)) {
      const stack = this.returning.get(post.key);
      this.returning.delete(post.key);
      this.place((this.now.stacks ?? []).filter((one) => one !== stack));
      this.store.setState({ notice: `The stack could not be taken back: ${error.message}` });
    }
    if (post.kind !== "stack" || post.slug !== this.slug || post.batch !== this.batch) return;
    const said = this.now.done.find((one) => one.key === post.key);
    this.store.setState(({ done }) => ({
      done: done.filter((one) => one.key !== post.key),
      notice: `The stack was not saved: ${error.message}`,
    }));
    if (said) this.putBack(said.stack);
  }
}

export function focused({ stacks, focus }: TriageState): Stack | null {
  return stacks?.find((one) => one.id === focus) ?? null;
}

/** How many of a stack's items a decision is about. */
export function members(stack: Stack, leftOut: ReadonlySet<number> | undefined): number {
  return stack.count - (leftOut?.size ?? 0);
}
