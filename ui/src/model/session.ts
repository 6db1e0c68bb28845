// One person's way through the Annotate queue: what is shown, what comes next, what was decided and can be taken back.
// The screen never waits for the server: decisions go to the outbox, tasks are claimed ahead.

import { createStore, type StoreApi } from "zustand/vanilla";
import type { components } from "../api/schema";
import { type Card, type Decided, fromHistory, fromTask, leaseOf, merged } from "./cards";
import { randomKey } from "./ids";
import type { Outbox, Post } from "./outbox";
import { alike, classOf, type Value } from "./values";

type Wire = components["schemas"];
type Task = Wire["Task"];
type Past = Wire["Past"];

/** What the person has set on the current card before deciding. `chosen` waits for Enter; `dismissed` hides the suggestion. */
export interface Draft {
  flag: boolean;
  dismissed: boolean;
  chosen: number | null;
}

export interface SessionState {
  queue: readonly Card[];
  /** The place in the queue of the one that is current unless a decided item is looked at. */
  at: number;
  /** Newest first. */
  strip: readonly Decided[];
  /** Key of the strip's decision that is looked at. */
  looking: string | null;
  draft: Draft;
  claiming: boolean;
  claimError: Error | null;
  /** What the last claim said; none before the first. */
  left: number | null;
  /** The budget that is spent, if one is. */
  budgetSpent: Wire["Claim"]["budget_spent"];
  /** Said once, in a line above the item: a link that led nowhere, for example. */
  notice: string | null;
}

export interface Desk {
  claim: (n: number) => Promise<Wire["Claim"]>;
  claimItem: (itemId: number) => Promise<Task>;
  history: (limit: number) => Promise<Past[]>;
}

/** So many cards are kept ready, the current one included. */
export const AHEAD = 5;
/** Below so many, more are claimed at once instead of after the next receipt. */
const FEW = 3;
const STRIP = 24;
const BLANK: Draft = { flag: false, dismissed: false, chosen: null };

/** The card on the stage. */
export function currentCard(state: SessionState): Card | null {
  return lookedAt(state)?.card ?? state.queue[state.at] ?? null;
}

/** The decision that is looked at again, none while a task is on the stage. */
export function lookedAt(state: SessionState): Decided | null {
  return state.strip.find((one) => one.key === state.looking) ?? null;
}

export class Session {
  readonly store: StoreApi<SessionState>;
  /** Tasks decided here, by id and lease: a claim answered meanwhile may still list them. */
  private decided = new Set<string>();
  private opened = false;

  constructor(
    readonly slug: string,
    private readonly desk: Desk,
    private readonly outbox: Outbox,
  ) {
    this.store = createStore<SessionState>(() => ({
      queue: [],
      at: 0,
      strip: [],
      looking: null,
      draft: BLANK,
      claiming: false,
      claimError: null,
      left: null,
      budgetSpent: null,
      notice: null,
    }));
    for (const post of outbox.posts) {
      this.remember(post);
    }
    outbox.listen({
      settled: (post, answer) => this.settled(post, answer),
      refused: (post, error) => this.refused(post, error),
    });
  }

  private get now(): SessionState {
    return this.store.getState();
  }

  /** Cards from the current one on. */
  private get ahead(): number {
    return this.now.queue.length - this.now.at;
  }

  /** Opens the page: the linked item first when there is one, then the queue; the strip fills from history. */
  async open(itemId: number | null): Promise<void> {
    const first = !this.opened;
    this.opened = true;
    // A link may lead to an item of the strip, so the strip has to be there.
    const recalled = first ? this.recall() : null;
    if (itemId !== null) {
      await recalled;
    }
    if (itemId !== null && itemId !== currentCard(this.now)?.item.id) {
      await this.openItem(itemId);
    }
    await this.refill();
  }

  private async recall(): Promise<void> {
    try {
      const past = (await this.desk.history(STRIP)).map(fromHistory);
      this.store.setState((now) => ({ strip: merged(now.strip, now.queue, past).slice(0, STRIP) }));
    } catch {
      // The strip only starts empty; what is decided from now on is in it all the same.
    }
  }

  private async openItem(itemId: number): Promise<void> {
    if (this.outbox.posts.some((post) => post.kind === "submit" && post.slug === this.slug && post.itemId === itemId)) {
      return; // Reloaded right after deciding on it: the decision is on its way.
    }
    const known = this.now.strip.find((one) => one.card.item.id === itemId && one.state !== "refused");
    if (known) {
      this.look(known.key);
      return;
    }
    try {
      const task = await this.desk.claimItem(itemId);
      const rest = this.now.queue.filter((card) => card.item.id !== itemId);
      this.store.setState({ queue: [fromTask(task), ...rest], at: 0, looking: null, draft: BLANK });
    } catch (error) {
      this.store.setState({ notice: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Claims so much that AHEAD cards are ready. Called after every receipt and when news arrive. */
  async refill(): Promise<void> {
    if (this.now.claiming || this.ahead >= AHEAD) {
      return;
    }
    this.store.setState({ claiming: true });
    try {
      // The server first repeats what this tab holds: the queue, and what is still on its way in the outbox.
      const underway = this.outbox.posts.filter((post) => post.kind === "submit" && post.slug === this.slug).length;
      const claim = await this.desk.claim(Math.min(50, AHEAD + this.now.at + underway));
      const waiting = this.now.strip.filter((one) => one.state === "waiting").map((one) => one.card);
      const ready = new Set([...this.now.queue, ...waiting].map((card) => card.item.id));
      const fresh = claim.tasks.filter((task) => !ready.has(task.item.id) && !this.decided.has(leaseOf(task)));
      this.store.setState((now) => ({
        queue: [...now.queue, ...fresh.map(fromTask)],
        claiming: false,
        claimError: null,
        left: claim.left,
        budgetSpent: claim.budget_spent,
      }));
    } catch (error) {
      this.store.setState({ claiming: false, claimError: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  /** Leaves what was claimed: it may have been settled by other means. Opened again, it claims anew. */
  forget(): void {
    this.opened = false;
    this.store.setState({ queue: [], at: 0, looking: null, draft: BLANK, left: null });
  }

  // --- the draft on the current card ---

  toggleFlag(): void {
    this.store.setState(({ draft }) => ({ draft: { ...draft, flag: !draft.flag } }));
  }

  /** Clears the suggestion mark: another class will be chosen. */
  dismiss(): void {
    this.store.setState(({ draft }) => ({ draft: { ...draft, dismissed: true } }));
  }

  choose(classId: number): void {
    this.store.setState(({ draft }) => ({ draft: { ...draft, chosen: classId } }));
  }

  /** The class Enter would submit: the chosen one, else the suggested one unless it was dismissed. */
  proposal(): number | null {
    const { draft } = this.now;
    const suggested = classOf(currentCard(this.now)?.prediction?.value);
    return draft.chosen ?? (draft.dismissed || lookedAt(this.now) ? null : suggested);
  }

  // --- decisions ---

  answer(value: Value, seconds: number | null): void {
    this.decide("answer", value, seconds);
  }

  skip(seconds: number | null): void {
    this.decide("skip", null, seconds);
  }

  private decide(action: "answer" | "skip", value: Value | null, seconds: number | null): void {
    const looked = lookedAt(this.now);
    const { flag } = this.now.draft;
    if (looked) {
      if (looked.action === action && alike(looked.value, value) && looked.flag === flag) {
        this.forward();
        return;
      }
      this.takeBackOne(looked);
    }
    const { at } = this.now;
    const card = this.now.queue[at];
    if (!card?.lease) {
      return;
    }
    const key = randomKey();
    this.decided.add(`${card.lease.taskId}:${card.lease.token}`);
    const decided: Decided = { key, card, action, value, flag, annotationId: null, state: "waiting", problem: null };
    this.store.setState((now) => ({
      queue: now.queue.toSpliced(at, 1),
      at: Math.max(0, Math.min(at, now.queue.length - 2)),
      strip: [decided, ...now.strip].slice(0, STRIP),
      looking: null,
      draft: BLANK,
      notice: null,
    }));
    this.outbox.put({
      kind: "submit",
      itemId: card.item.id,
      key,
      slug: this.slug,
      needs: card.lease.needs,
      body: {
        task_id: card.lease.taskId,
        lease_token: card.lease.token,
        action,
        value,
        flag,
        seconds: seconds === null ? null : Math.round(seconds * 10) / 10,
      },
    });
    if (this.ahead < FEW) {
      void this.refill();
    }
  }

  /** Takes the decision back that is looked at, else the last one; its item comes back to the stage. */
  takeBack(): void {
    const target = lookedAt(this.now) ?? this.now.strip.find((one) => one.state !== "refused");
    if (target) {
      this.takeBackOne(target);
    }
  }

  private takeBackOne(target: Decided): void {
    const { lease } = target.card;
    const unsent = target.state === "waiting" && lease !== null && this.outbox.withdraw(target.key);
    let card: Card = { ...target.card, before: target.value };
    if (unsent) {
      this.decided.delete(`${lease.taskId}:${lease.token}`);
    } else {
      const key = randomKey();
      const waiting = target.annotationId === null;
      this.outbox.put({
        kind: "retract",
        key,
        slug: this.slug,
        needs: waiting ? target.key : null,
        body: { annotation_id: target.annotationId ?? 0 },
      });
      card = { ...card, lease: { taskId: lease?.taskId ?? 0, token: lease?.token ?? "", needs: key } };
    }
    this.store.setState((now) => ({
      queue: [card, ...now.queue.filter((one) => one.item.id !== card.item.id)],
      at: 0,
      strip: now.strip.filter((one) => one !== target),
      looking: null,
      draft: { ...BLANK, flag: target.flag },
      notice: null,
    }));
  }

  // --- looking back ---

  /** Shows a decided item again; nothing is taken back unless another class is chosen. */
  look(key: string): void {
    const found = this.now.strip.find((one) => one.key === key && one.state !== "refused");
    if (found) {
      this.store.setState({ looking: key, draft: { ...BLANK, flag: found.flag }, notice: null });
    }
  }

  /** One decision further back. */
  back(): void {
    const kept = this.now.strip.filter((one) => one.state !== "refused");
    const next = kept[kept.findIndex((one) => one.key === this.now.looking) + 1];
    if (next) {
      this.look(next.key);
    }
  }

  /** The card before: one that was passed without deciding, else the last decision. */
  previous(): void {
    if (this.now.looking === null && this.now.at > 0) this.goTo(this.now.at - 1);
    else this.back();
  }

  /** The card after, without deciding on this one. False: there is none. */
  next(): boolean {
    const { looking, strip, at, queue } = this.now;
    if (looking !== null) {
      const kept = strip.filter((one) => one.state !== "refused");
      const newer = kept[kept.findIndex((one) => one.key === looking) - 1];
      if (newer) this.look(newer.key);
      else this.forward();
      return true;
    }
    if (at + 1 >= queue.length) return false;
    this.goTo(at + 1);
    return true;
  }

  private goTo(at: number): void {
    this.store.setState({ at, draft: BLANK, notice: null });
    if (this.ahead < FEW) void this.refill();
  }

  /** Returns from a decided item to the queue. */
  forward(): void {
    this.store.setState({ looking: null, draft: BLANK });
  }

  clearNotice(): void {
    this.store.setState({ notice: null });
  }

  // --- what the outbox tells ---

  private remember(post: Post): void {
    if (post.kind === "submit" && post.slug === this.slug) {
      this.decided.add(`${post.body.task_id}:${post.body.lease_token}`);
    }
  }

  private settled(post: Post, answer: unknown): void {
    if (post.slug !== this.slug) {
      return;
    }
    if (post.kind === "submit") {
      const { annotation_id } = answer as Wire["Receipt"];
      if (!this.now.strip.some((one) => one.key === post.key)) {
        // Decided before a reload: the strip gets it from history.
        void this.recall();
      }
      this.mark(post.key, { state: "saved", annotationId: annotation_id });
    } else if (post.kind === "retract") {
      const task = answer as Task;
      if (!this.now.queue.some((card) => card.lease?.needs === post.key)) {
        // Decided again already: the outbox hands the fresh lease to that decision.
        this.decided.add(leaseOf(task));
      }
      this.store.setState((now) => ({
        queue: now.queue.map((card) =>
          card.lease?.needs === post.key ? { ...fromTask(task), before: card.before } : card,
        ),
      }));
    }
    // Nothing is leased for a page that nobody has opened.
    if (this.opened && this.ahead < AHEAD) {
      void this.refill();
    }
  }

  private refused(post: Post, error: Error): void {
    if (post.slug !== this.slug) {
      return;
    }
    if (post.kind === "submit") {
      if (post.body.value?.type === "shapes") void this.bringBack(post.key, post.body.value, error);
      else this.mark(post.key, { state: "refused", problem: error.message });
    } else if (post.kind === "retract") {
      // The decision stands: its item leaves the queue again, and history puts it back in the strip.
      this.store.setState((now) => ({
        queue: now.queue.filter((card) => card.lease?.needs !== post.key),
        at: 0,
        notice: `The decision could not be taken back: ${error.message}`,
      }));
      void this.recall();
    }
  }

  /** A refused drawing is too much work for a mark in the strip: its image comes back to be put right. */
  private async bringBack(key: string, value: Value, error: Error): Promise<void> {
    const target = this.now.strip.find((one) => one.key === key);
    this.mark(key, { state: "refused", problem: error.message });
    if (!target) return;
    try {
      const card = { ...fromTask(await this.desk.claimItem(target.card.item.id)), before: value };
      this.store.setState((now) => ({
        queue: [card, ...now.queue.filter((one) => one.item.id !== card.item.id)],
        at: 0,
        looking: null,
        draft: { ...BLANK, flag: target.flag },
        strip: now.strip.filter((one) => one.key !== key),
        notice: `${card.item.name} was not saved: ${error.message}`,
      }));
    } catch {
      // Somebody else's by now. The strip keeps the reason, this browser the drawing.
    }
  }

  private mark(key: string, change: Partial<Decided>): void {
    this.store.setState((now) => ({
      strip: now.strip.map((one) => (one.key === key ? { ...one, ...change } : one)),
    }));
  }
}
