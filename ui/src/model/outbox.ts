// The outbox: decisions wait here until the server has them on disk. It survives reloads, lost connections and lost logins.
//
// Posts leave one at a time in the order they were put, because a later one may need the answer to an earlier one: taking
// a decision back needs its annotation id, deciding again needs the task that taking back returned. The storage is the
// truth shared by all tabs: a post another tab has sent or withdrawn is gone from it. Sending twice is harmless, every
// post carries an idempotency key.

import type { components } from "../api/schema";

type Wire = components["schemas"];

interface Common {
  key: string;
  slug: string;
  /** Key of the earlier post whose answer completes this one; none: it is complete. */
  needs: string | null;
  /** How often it was sent, counted before sending: 0 means the server cannot know of it. */
  tries: number;
}

export type Post = Common &
  (
    | { kind: "submit"; itemId: number; body: Omit<Wire["Submission"], "key"> }
    | { kind: "retract"; body: { annotation_id: number } }
    | { kind: "confirm"; body: Omit<Wire["PageConfirm"], "key"> }
    | { kind: "unconfirm"; body: Omit<Wire["PageRetract"], "client"> }
    | { kind: "look"; itemId: number; body: Omit<Wire["SecondLook"], "key"> }
    | { kind: "unlook"; body: { annotation_id: number } }
    | { kind: "stack"; batch: number; stackId: string; verdict: "name"; body: Omit<Wire["StackName"], "key"> }
    | {
        kind: "stack";
        batch: number;
        stackId: string;
        verdict: "known" | "noise";
        body: Omit<Wire["StackDecision"], "key">;
      }
    | { kind: "unstack"; body: { page: string } }
  );

export type NewPost = Post extends infer P ? (P extends Post ? Omit<P, "tries"> : never) : never;

/** The post with what the answer to the post it needs has told. */
function completed(post: Post, answer: unknown): Post {
  switch (post.kind) {
    case "submit": {
      const task = answer as Wire["Task"];
      return { ...post, needs: null, body: { ...post.body, task_id: task.id, lease_token: task.lease_token } };
    }
    case "retract":
    case "unlook":
      return { ...post, needs: null, body: { annotation_id: (answer as Wire["Receipt"]).annotation_id } };
    case "unconfirm":
    case "unstack":
      return { ...post, needs: null, body: { page: (answer as Wire["PageReceipt"]).page } };
    case "confirm":
    case "look":
    case "stack":
      return post;
  }
}

export interface Outcome {
  settled?: (post: Post, answer: unknown) => void;
  refused?: (post: Post, error: Error) => void;
  changed?: () => void;
}

interface World {
  send: (post: Post) => Promise<unknown>;
  /** Whether the same post may succeed later: server away, broken, or login lost. */
  passing: (error: unknown) => boolean;
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;
  /** Runs something when the screen has been painted: a decision shows first, then it travels. */
  soon: (run: () => void) => void;
  later: (run: () => void, milliseconds: number) => void;
}

const PREFIX = "modicum.outbox.";
const LONGEST_WAIT = 30_000;

interface Slot {
  at: string;
  post: Post;
}

export class Outbox {
  private slots: Slot[] = [];
  private listeners = new Set<Outcome>();
  private sending = false;
  private failures = 0;
  /** Counts up with every reason to try at once; a try that fails after a new reason came is repeated. */
  private reasons = 0;
  private resting = false;
  private turn = 0;
  private volatile = false;

  constructor(private readonly world: World) {
    this.slots = this.stored();
    for (const { at } of this.slots) {
      this.turn = Math.max(this.turn, Number(at.slice(PREFIX.length).split(".")[0]) + 1);
    }
  }

  /** Posts that are not on the server's disk yet. */
  get posts(): readonly Post[] {
    return this.slots.map((slot) => slot.post);
  }

  listen(outcome: Outcome): () => void {
    this.listeners.add(outcome);
    return () => this.listeners.delete(outcome);
  }

  put(post: NewPost): void {
    // The turn comes first and in fixed width, so that names sort in the order of putting, across reloads too.
    const at = `${PREFIX}${String(this.turn).padStart(12, "0")}.${post.key}`;
    this.turn += 1;
    const slot = { at, post: { ...post, tries: 0 } as Post };
    this.slots.push(slot);
    this.store(slot);
    this.changed();
    this.world.soon(() => void this.pump());
  }

  /** Takes a post out that was never sent. False: it may have reached the server, so it has to be taken back there. */
  withdraw(key: string): boolean {
    const slot = this.slots.find((one) => one.post.key === key);
    const stored = slot && this.read(slot);
    if (!slot || !stored || stored.tries > 0) {
      return false;
    }
    this.drop(slot);
    return true;
  }

  /** Sends at once what waits for its next try: the connection or the login is back. */
  retry(): void {
    this.failures = 0;
    this.reasons += 1;
    this.resting = false;
    void this.pump();
  }

  private async pump(): Promise<void> {
    if (this.sending || this.resting) {
      return;
    }
    this.sending = true;
    try {
      for (let slot = this.next(); slot; slot = this.next()) {
        const { reasons } = this;
        if (await this.attempt(slot)) {
          this.failures = 0;
        } else if (reasons === this.reasons) {
          this.rest();
          return;
        }
      }
    } finally {
      this.sending = false;
    }
  }

  private rest(): void {
    this.failures += 1;
    this.resting = true;
    const wait = Math.min(LONGEST_WAIT, 500 * 2 ** this.failures);
    this.world.later(() => {
      this.resting = false;
      void this.pump();
    }, wait);
  }

  /** The first post that is still in the storage; those another tab has dealt with fall out here. */
  private next(): Slot | null {
    for (let slot = this.slots[0]; slot; slot = this.slots[0]) {
      if (this.read(slot)) {
        return slot;
      }
      this.drop(slot);
    }
    return null;
  }

  /** False: to be tried again later. */
  private async attempt(slot: Slot): Promise<boolean> {
    if (slot.post.needs !== null) {
      // Its forerunner was refused or lost with a cleared storage: without the answer it cannot be sent.
      this.drop(slot);
      this.tell((one) => one.refused?.(slot.post, new Error("What this builds on was not saved.")));
      return true;
    }
    slot.post = { ...slot.post, tries: slot.post.tries + 1 };
    this.store(slot);
    let answer: unknown;
    try {
      answer = await this.world.send(slot.post);
    } catch (error) {
      if (this.world.passing(error)) {
        return false;
      }
      this.drop(slot);
      this.tell((one) => one.refused?.(slot.post, error instanceof Error ? error : new Error(String(error))));
      return true;
    }
    for (const other of this.slots) {
      if (other.post.needs === slot.post.key) {
        other.post = completed(other.post, answer);
        this.store(other);
      }
    }
    this.drop(slot);
    this.tell((one) => one.settled?.(slot.post, answer));
    return true;
  }

  private drop(slot: Slot): void {
    this.slots = this.slots.filter((one) => one !== slot);
    this.world.storage.removeItem(slot.at);
    this.changed();
  }

  private changed(): void {
    this.tell((one) => one.changed?.());
  }

  private tell(what: (outcome: Outcome) => void): void {
    for (const listener of [...this.listeners]) {
      what(listener);
    }
  }

  private store(slot: Slot): void {
    try {
      this.world.storage.setItem(slot.at, JSON.stringify(slot.post));
    } catch {
      // Storage full or forbidden: the memory of this tab is all there is, and it is still sent.
      this.volatile = true;
    }
  }

  private read(slot: Slot): Post | null {
    return this.volatile ? slot.post : parsed(this.world.storage.getItem(slot.at));
  }

  private stored(): Slot[] {
    const { storage } = this.world;
    const found: Slot[] = [];
    for (let index = 0; index < storage.length; index += 1) {
      const at = storage.key(index);
      const post = at?.startsWith(PREFIX) ? parsed(storage.getItem(at)) : null;
      if (at && post) {
        found.push({ at, post });
      }
    }
    return found.sort((a, b) => (a.at < b.at ? -1 : 1));
  }
}

function parsed(text: string | null): Post | null {
  try {
    return text === null ? null : (JSON.parse(text) as Post);
  } catch {
    return null;
  }
}
