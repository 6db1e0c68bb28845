// Marks on a page of suggestions: nothing (right), wrong (back to Annotate), or the class it really is. Keyed by item id.

/** A class id, or wrong without saying what it is. */
export type Mark = "wrong" | number;
export type Marks = ReadonlyMap<number, Mark>;

/** Marks an item as wrong, or clears its mark whatever it was. */
export function toggled(marks: Marks, itemId: number): Marks {
  const next = new Map(marks);
  if (!next.delete(itemId)) next.set(itemId, "wrong");
  return next;
}

/** Marks items as wrong; those with a mark keep it. */
export function withWrong(marks: Marks, itemIds: readonly number[]): Marks {
  const next = new Map(marks);
  for (const itemId of itemIds) {
    if (!next.has(itemId)) next.set(itemId, "wrong");
  }
  return next;
}

/**
 * Gives a class to all that are marked wrong; when none is, to the focused item. The suggested class clears the mark:
 * then the suggestion was right.
 */
export function relabeled(marks: Marks, classId: number, suggested: number, focused: number | null): Marks {
  const wrong = [...marks].filter(([, mark]) => mark === "wrong").map(([itemId]) => itemId);
  const targets = wrong.length > 0 ? wrong : focused === null ? [] : [focused];
  const next = new Map(marks);
  for (const itemId of targets) {
    if (classId === suggested) next.delete(itemId);
    else next.set(itemId, classId);
  }
  return next;
}

/** How many of a page are confirmed, go back, and are relabeled. */
export function tally(marks: Marks, size: number): { confirmed: number; wrong: number; relabeled: number } {
  const wrong = [...marks.values()].filter((mark) => mark === "wrong").length;
  return { confirmed: size - marks.size, wrong, relabeled: marks.size - wrong };
}
