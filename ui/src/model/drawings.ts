// The documents of this tab, one an item, and the drafts of those that are not done: kept in this browser at once, and on the
// server a moment later. A lost connection or login only delays the second, so neither loses anything.
import { createStore, type StoreApi } from "zustand/vanilla";
import { Doc } from "./document";
import type { Shape, Shapes } from "./shape";

export interface DrawingsState {
  docs: ReadonlyMap<number, Doc>;
  /** Items whose drafts the server does not have as they are here. */
  unsaved: ReadonlySet<number>;
  /** Why the server refused the draft of an item; what is drawn is still here. */
  refused: ReadonlyMap<number, string>;
}

interface World {
  load: (itemId: number) => Promise<Shapes | null>;
  save: (itemId: number, shapes: Shapes) => Promise<unknown>;
  /** Whether the same may succeed later: server away, broken, or login lost. */
  passing: (error: unknown) => boolean;
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  later: (run: () => void, milliseconds: number) => unknown;
}

/** What an item's document begins with. */
export interface Given {
  /** What was said of it before; null when nothing was. */
  value: Shapes | null;
  prelabels: Shapes | null;
}

interface Kept {
  doc: Doc;
  given: Given;
  /** The version that is in this browser's storage, and the one on the server. */
  stored: number;
  saved: number;
  /** Set while a timer or a request is under way. */
  storing: boolean;
  saving: boolean;
  /** Its decision is made: no drafts until it is changed again. */
  done: number | null;
}

const STORE_AFTER = 150;
const SAVE_AFTER = 1000;
const TRY_AGAIN_AFTER = 5000;

export class Drawings {
  readonly store: StoreApi<DrawingsState>;
  private kept = new Map<number, Kept>();

  constructor(
    readonly slug: string,
    private readonly world: World,
  ) {
    this.store = createStore<DrawingsState>(() => ({ docs: new Map(), unsaved: new Set(), refused: new Map() }));
  }

  /** The document of an item. Known at once; what the server has of it may follow. */
  open(itemId: number, given: Given): Doc {
    const known = this.kept.get(itemId);
    if (known && !(known.doc.snapshot.version === 0 && newer(given, known.given))) return known.doc;
    const local = this.local(itemId);
    const doc = local === null && given.value !== null ? Doc.from(given.value) : begun(local, given.prelabels);
    const kept = this.keep(itemId, given, doc);
    if (local) {
      kept.saved = -1;
      this.saveLater(itemId, kept);
    } else if (given.value === null) {
      void this.fetch(itemId, kept);
    }
    return kept.doc;
  }

  /** Forgets the documents of all other items, except where something is not saved yet. */
  keepOnly(itemIds: Iterable<number>): void {
    const wanted = new Set(itemIds);
    for (const [itemId, kept] of this.kept) {
      if (!wanted.has(itemId) && kept.saved === kept.doc.snapshot.version) this.kept.delete(itemId);
    }
    if (this.kept.size !== this.store.getState().docs.size) this.tell();
  }

  /** The decision on an item is in the outbox: its draft is not needed any more. */
  done(itemId: number): void {
    const kept = this.kept.get(itemId);
    if (!kept) return;
    const { version } = kept.doc.snapshot;
    Object.assign(kept, { done: version, stored: version, saved: version });
    this.world.storage.removeItem(this.at(itemId));
    this.tell();
  }

  /** The decision was taken back: the drawing is a draft again. */
  reopen(itemId: number): void {
    const kept = this.kept.get(itemId);
    if (kept?.done == null) return;
    Object.assign(kept, { done: null, stored: -1, saved: -1 });
    this.changed(itemId, kept);
  }

  /** Sends at once what waits: the connection or the login is back. */
  retry(): void {
    for (const [itemId, kept] of this.kept) {
      if (this.isUnsaved(kept)) void this.save(itemId, kept);
    }
  }

  /** Writes to this browser's storage what waits to be: the page is left. */
  flush(): void {
    for (const [itemId, kept] of this.kept) this.write(itemId, kept);
  }

  private keep(itemId: number, given: Given, doc: Doc): Kept {
    const kept: Kept = { doc, given, stored: 0, saved: 0, storing: false, saving: false, done: null };
    this.kept.set(itemId, kept);
    doc.subscribe((now, before) => {
      if (now.version !== before.version && this.kept.get(itemId)?.doc === doc) this.changed(itemId, kept);
    });
    this.tell();
    return kept;
  }

  private async fetch(itemId: number, kept: Kept): Promise<void> {
    let found: Shapes | null;
    try {
      found = await this.world.load(itemId);
    } catch {
      return; // Drawn without it; a draft that is there is added to, never replaced, see `save`.
    }
    if (found === null || this.kept.get(itemId) !== kept || kept.done !== null) return;
    const { doc } = kept;
    if (doc.snapshot.version === 0) {
      this.keep(itemId, kept.given, begun(found, kept.given.prelabels));
      return;
    }
    // Drawn on meanwhile: the rest of the draft comes to it.
    const missing = found.shapes.filter((shape) => doc.place(shape.id) < 0);
    if (missing.length > 0) doc.apply({ put: missing }, "add the draft");
  }

  private changed(itemId: number, kept: Kept): void {
    if (kept.done !== null) {
      if (kept.done === kept.doc.snapshot.version) return;
      kept.done = null;
    }
    if (!kept.storing) {
      kept.storing = true;
      this.world.later(() => {
        kept.storing = false;
        this.write(itemId, kept);
      }, STORE_AFTER);
    }
    this.saveLater(itemId, kept);
  }

  private write(itemId: number, kept: Kept): void {
    const { version } = kept.doc.snapshot;
    if (kept.done !== null || kept.stored === version || version === 0) return;
    kept.stored = version;
    try {
      this.world.storage.setItem(this.at(itemId), JSON.stringify(kept.doc.toDraft()));
    } catch {
      // Storage full or forbidden: the server's copy is all there is besides this tab.
    }
  }

  private saveLater(itemId: number, kept: Kept, milliseconds = SAVE_AFTER): void {
    this.tell();
    if (kept.saving) return;
    kept.saving = true;
    this.world.later(() => {
      kept.saving = false;
      if (this.isUnsaved(kept)) void this.save(itemId, kept);
    }, milliseconds);
  }

  private async save(itemId: number, kept: Kept): Promise<void> {
    if (kept.saving) return;
    const { version } = kept.doc.snapshot;
    kept.saving = true;
    try {
      await this.world.save(itemId, kept.doc.toDraft());
      kept.saving = false;
      if (kept.done === null) kept.saved = version;
      if (kept.saved === kept.doc.snapshot.version) this.world.storage.removeItem(this.at(itemId));
      if (!this.isUnsaved(kept)) kept.stored = version;
      this.refuse(itemId, null);
      if (this.isUnsaved(kept)) this.saveLater(itemId, kept);
    } catch (error) {
      kept.saving = false;
      if (this.world.passing(error)) {
        this.saveLater(itemId, kept, TRY_AGAIN_AFTER);
        return;
      }
      // It stays in this browser; the next change is another try.
      kept.saved = version;
      this.refuse(itemId, error instanceof Error ? error.message : String(error));
    }
  }

  private isUnsaved(kept: Kept): boolean {
    return kept.done === null && kept.saved !== kept.doc.snapshot.version;
  }

  private refuse(itemId: number, why: string | null): void {
    const refused = new Map(this.store.getState().refused);
    if (why === null) refused.delete(itemId);
    else refused.set(itemId, why);
    this.store.setState({ refused });
    this.tell();
  }

  private tell(): void {
    const all = [...this.kept];
    this.store.setState({
      docs: new Map(all.map(([itemId, { doc }]) => [itemId, doc])),
      unsaved: new Set(all.filter(([, kept]) => this.isUnsaved(kept)).map(([itemId]) => itemId)),
    });
  }

  private local(itemId: number): Shapes | null {
    try {
      const text = this.world.storage.getItem(this.at(itemId));
      const found: unknown = text === null ? null : JSON.parse(text);
      return found && typeof found === "object" && "shapes" in found ? (found as Shapes) : null;
    } catch {
      return null;
    }
  }

  private at(itemId: number): string {
    return `modicum.draft.${this.slug}.${itemId}`;
  }
}

/** A newer model's suggestions, for a drawing nobody has touched. */
function newer(given: Given, before: Given): boolean {
  return given.prelabels !== before.prelabels && JSON.stringify(given) !== JSON.stringify(before);
}

/** Suggestions of an earlier model that a draft holds undecided stay undecided, whatever the model says by now. */
function begun(draft: Shapes | null, prelabels: Shapes | null): Doc {
  if (draft === null) return Doc.from(null, prelabels);
  const offered = new Set(prelabels?.shapes.map((shape) => shape.id));
  const old = draft.shapes.filter((shape) => isOffered(shape) && !offered.has(shape.id));
  return Doc.from(draft, {
    type: "shapes",
    shapes: [...(prelabels?.shapes ?? []), ...old],
    tags: prelabels?.tags ?? [],
  });
}

function isOffered(shape: Shape): boolean {
  return shape.model !== null && shape.iou === null;
}
