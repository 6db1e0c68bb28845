// One person's way through the Validate pages: what lies on the page, what is marked, which pages can be taken back.
// Several pages are leased at once, so that the next one is there at once; confirming travels through the outbox.

import { createStore, type StoreApi } from "zustand/vanilla";
import type { components } from "../api/schema";
import { randomKey } from "./ids";
import { type Mark, type Marks, relabeled, toggled, withWrong } from "./marks";
import type { Outbox, Post } from "./outbox";

type Wire = components["schemas"];
type Task = Wire["Task"];

/** A confirmed page that can still be taken back. */
interface Done {
  key: string;
  /** What the server calls the page; none until it is on disk. */
  page: string | null;
  classId: number;
  tasks: readonly Task[];
  marks: Marks;
  shapes: WrongShapes;
}

/** Item id -> the ids of its shapes that are wrong; such an image goes back without them. */
export type WrongShapes = ReadonlyMap<number, ReadonlySet<string>>;

export interface PagesState {
  classId: number | null;
  above: number;
  /** Leased and not confirmed yet; the first `size` of them are on the page. */
  tasks: readonly Task[];
  size: number;
  marks: Marks;
  /** Where images with shapes are validated. */
  shapes: WrongShapes;
  /** Index on the page. */
  focus: number;
  /** Where a range begins. */
  anchor: number;
  /** Items of this class above the threshold that are not confirmed yet; none before the first answer. */
  total: number | null;
  /** Further ones, on pages that others look at. */
  elsewhere: number;
  loading: boolean;
  error: Error | null;
  /** Newest first. */
  done: readonly Done[];
  notice: string | null;
}

/** Items of a page of a class nothing is known about. */
export const PAGE = 60;
const PAGES_AHEAD = 4;
const MOST = 200;
/** The server leases no more at once. */
const AT_ONCE = 500;
const UNDO = 20;

type ClaimPage = (wanted: { class_id: number; above: number; size: number }) => Promise<Wire["PageView"]>;

export function pageOf(state: PagesState): readonly Task[] {
  return state.tasks.slice(0, state.size);
}

/** What is chosen, or else what suits the class's error in whole rows of the grid, 200 at most. */
export function pageSize(suits: number | undefined, chosen: number | null, columns: number): number {
  if (chosen !== null) return chosen;
  const rows = Math.max(1, Math.round((suits ?? PAGE) / columns));
  return Math.min(rows, Math.floor(MOST / columns)) * columns;
}

export class Pages {
  readonly store: StoreApi<PagesState>;
  private asked = 0;
  /** Tasks that were confirmed: their leases are used up. */
  private spent = new Set<number>();
  private sizeOf: (classId: number) => number = () => PAGE;

  constructor(
    readonly slug: string,
    private readonly claimPage: ClaimPage,
    private readonly outbox: Outbox,
  ) {
    this.store = createStore<PagesState>(() => ({
      classId: null,
      above: 0.9,
      tasks: [],
      size: PAGE,
      marks: new Map(),
      shapes: new Map(),
      focus: 0,
      anchor: 0,
      total: null,
      elsewhere: 0,
      loading: false,
      error: null,
      done: [],
      notice: null,
    }));
    outbox.listen({
      settled: (post, answer) => this.settled(post, answer),
      refused: (post, error) => this.refused(post, error),
    });
  }

  private get now(): PagesState {
    return this.store.getState();
  }

  /** Pages to come have these sizes. */
  sizes(sizeOf: (classId: number) => number): void {
    this.sizeOf = sizeOf;
  }

  /** Gives the page that is looked at its size, unless something is marked on it. */
  resize(): void {
    const { sizeOf } = this;
    const { classId, marks, size, tasks, total, loading } = this.now;
    if (classId === null || marks.size > 0 || sizeOf(classId) === size) return;
    this.store.setState({ size: sizeOf(classId), focus: 0, anchor: 0 });
    if (!loading && total !== null && tasks.length < Math.min(sizeOf(classId), total)) void this.load();
  }

  /** Shows another class or another threshold. Marks of the page that is left are dropped: nothing was confirmed. */
  show(classId: number, above: number): void {
    const { now } = this;
    if (classId === now.classId && above === now.above && (now.tasks.length > 0 || now.loading)) return;
    this.store.setState({
      classId,
      above,
      tasks: [],
      size: this.sizeOf(classId),
      marks: new Map(),
      shapes: new Map(),
      focus: 0,
      anchor: 0,
      total: null,
      notice: null,
    });
    void this.load();
  }

  /** Leases the next pages. Waits for what is still in the outbox: its items would come a second time. */
  async load(): Promise<void> {
    const { classId, above } = this.now;
    if (classId === null) return;
    this.store.setState({ loading: true, error: null });
    if (this.underway()) return; // `settled` calls again
    this.asked += 1;
    const turn = this.asked;
    try {
      const ahead = Math.min(this.sizeOf(classId) * PAGES_AHEAD, AT_ONCE);
      const view = await this.claimPage({ class_id: classId, above, size: ahead });
      if (turn !== this.asked) return; // another class was chosen meanwhile
      this.store.setState(({ marks, shapes, size }) => {
        const page = new Set(view.tasks.slice(0, size).map((task) => task.item.id));
        const kept = new Map([...marks].filter(([itemId]) => page.has(itemId)));
        const still = new Map([...shapes].filter(([itemId]) => page.has(itemId)));
        const { tasks, total, elsewhere } = view;
        return { tasks, total, elsewhere, loading: false, marks: kept, shapes: still, focus: 0, anchor: 0 };
      });
    } catch (error) {
      if (turn !== this.asked) return;
      this.store.setState({ loading: false, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  private underway(): boolean {
    return this.outbox.posts.some(
      (post) => post.slug === this.slug && (post.kind === "confirm" || post.kind === "unconfirm"),
    );
  }

  // --- marking ---

  /** Moves the focus; with `marking`, everything from the anchor to it is marked wrong. */
  focusOn(index: number, marking: readonly number[] | null = null): void {
    this.store.setState((now) => {
      const ids = marking?.flatMap((at) => now.tasks[at]?.item.id ?? []) ?? [];
      return { focus: index, anchor: marking ? now.anchor : index, marks: withWrong(now.marks, ids) };
    });
  }

  toggle(index: number): void {
    const task = this.now.tasks[index];
    if (task) {
      this.store.setState((now) => ({ marks: toggled(now.marks, task.item.id), focus: index, anchor: index }));
    }
  }

  /** Marks one shape of an image as wrong, or clears its mark. */
  toggleShape(itemId: number, shapeId: string): void {
    this.store.setState((now) => {
      const ids = new Set(now.shapes.get(itemId));
      if (!ids.delete(shapeId)) ids.add(shapeId);
      const shapes = new Map(now.shapes);
      if (ids.size > 0) shapes.set(itemId, ids);
      else shapes.delete(itemId);
      return { shapes };
    });
  }

  relabel(classId: number): void {
    this.store.setState((now) => {
      const focused = now.tasks[now.focus]?.item.id ?? null;
      return now.classId === null ? now : { marks: relabeled(now.marks, classId, now.classId, focused) };
    });
  }

  clear(): void {
    this.store.setState({ marks: new Map(), shapes: new Map() });
  }

  // --- whole pages ---

  /** Confirms the page: marked items go back or get their class, the rest is right. The next page is there at once. */
  confirm(seconds: number | null): void {
    const { now } = this;
    const page = pageOf(now);
    if (now.classId === null || page.length === 0 || now.loading) return;
    const key = randomKey();
    const marked = page.flatMap((task): [number, Mark][] => {
      const mark = now.marks.get(task.item.id);
      return mark === undefined ? [] : [[task.id, mark]];
    });
    for (const task of page) this.spent.add(task.id);
    const { marks, shapes } = now;
    const done: Done = { key, page: null, classId: now.classId, tasks: page, marks, shapes };
    const inPart = page.flatMap((task): [number, string[]][] => {
      const ids = shapes.get(task.item.id);
      return ids === undefined || marks.has(task.item.id) ? [] : [[task.id, [...ids]]];
    });
    this.outbox.put({
      kind: "confirm",
      key,
      slug: this.slug,
      needs: null,
      body: {
        tasks: page.map((task) => [task.id, task.lease_token] as [number, string]),
        wrong: marked.filter(([, mark]) => mark === "wrong").map(([taskId]) => taskId),
        relabeled: Object.fromEntries(marked.filter(([, mark]) => mark !== "wrong")) as Record<string, number>,
        wrong_shapes: Object.fromEntries(inPart) as Record<string, string[]>,
        seconds: seconds === null ? null : Math.round(seconds * 10) / 10,
      },
    });
    const rest = now.tasks.slice(page.length);
    this.store.setState({
      tasks: rest,
      size: this.sizeOf(now.classId),
      marks: new Map(),
      shapes: new Map(),
      focus: 0,
      anchor: 0,
      total: now.total === null ? null : Math.max(0, now.total - page.length),
      done: [done, ...now.done].slice(0, UNDO),
      notice: null,
    });
    if (rest.length === 0) void this.load();
  }

  /** Takes the last page back; it lies on the stage again with its marks. */
  takeBack(): void {
    const [last, ...done] = this.now.done;
    if (!last) return;
    const unsent = this.outbox.withdraw(last.key);
    const same = last.classId === this.now.classId;
    if (unsent) for (const task of last.tasks) this.spent.delete(task.id);
    this.asked += 1; // a page that is on its way would take the place of this one
    this.store.setState((now) => ({
      classId: last.classId,
      tasks: same ? [...last.tasks, ...now.tasks] : last.tasks,
      size: last.tasks.length,
      marks: last.marks,
      shapes: last.shapes,
      focus: 0,
      anchor: 0,
      total: same && now.total !== null ? now.total + last.tasks.length : null,
      loading: !unsent,
      error: null,
      done,
      notice: null,
    }));
    if (!unsent) {
      // Its leases are used up: the answer brings fresh ones, for the same items and whatever model came since.
      this.outbox.put({
        kind: "unconfirm",
        key: randomKey(),
        slug: this.slug,
        needs: last.page === null ? last.key : null,
        body: { page: last.page ?? "" },
      });
    }
  }

  private settled(post: Post, answer: unknown): void {
    if (post.slug !== this.slug || (post.kind !== "confirm" && post.kind !== "unconfirm")) return;
    if (post.kind === "confirm") this.confirmed(post.key, answer as Wire["PageReceipt"]);
    else this.leasedAgain(answer as Task[]);
    if (!this.now.loading || this.underway()) return;
    if (this.now.tasks.length > 0) this.store.setState({ loading: false });
    else void this.load();
  }

  /** The page that was taken back, with leases that hold; what somebody else took up meanwhile leaves it. */
  private leasedAgain(fresh: readonly Task[]): void {
    const byItem = new Map(fresh.map((task) => [task.item.id, task]));
    this.store.setState((now) => {
      const tasks = now.tasks.flatMap((task) => byItem.get(task.item.id) ?? (this.spent.has(task.id) ? [] : [task]));
      const gone = now.tasks.length - tasks.length;
      const were = gone === 1 ? "One item is" : `${gone} items are`;
      return {
        tasks,
        total: now.total === null ? null : Math.max(0, now.total - gone),
        notice: gone > 0 ? `${were} not on this page any more: somebody else works on them.` : now.notice,
      };
    });
  }

  private confirmed(key: string, receipt: Wire["PageReceipt"]): void {
    const left = receipt.left_out;
    const was = left === 1 ? "One item was" : `${left} items were`;
    this.store.setState((now) => ({
      done: now.done.map((one) => (one.key === key ? { ...one, page: receipt.page } : one)),
      notice: left > 0 ? `${was} left out of that page: somebody else decided on them meanwhile.` : now.notice,
    }));
  }

  private refused(post: Post, error: Error): void {
    if (post.slug !== this.slug || (post.kind !== "confirm" && post.kind !== "unconfirm")) return;
    const what = post.kind === "confirm" ? "A page was not saved" : "The page could not be taken back";
    this.store.setState((now) => ({
      notice: `${what}: ${error.message}`,
      done: now.done.filter((one) => one.key !== post.key),
    }));
    void this.load();
  }
}
