// What keeps the Validate page in step: the class to begin with, and thumbnails fetched ahead.
import { useEffect, useState } from "react";
import { thumbUrl, type Wire } from "../../api/client";
import { usePulse } from "../../api/events";
import { type Pages, pageSize } from "../../model/pages";
import { countAbove } from "../../model/validation";

/** Opens the class with most to validate first, and looks again when a new model has come while the page was empty. */
export function useOpening(
  slug: string,
  pages: Pages,
  view: Wire["ValidateView"],
  classes: readonly Wire["Class"][],
  above: number,
): void {
  const pulse = usePulse(slug);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the model is the trigger, everything else is read when it comes
  useEffect(() => {
    const { classId, tasks, loading } = pages.store.getState();
    if (classId === null) {
      const most = (one: Wire["Class"]) => countAbove(view.classes[one.id]?.histogram ?? [], above);
      const [first] = [...classes].sort((a, b) => most(b) - most(a));
      if (first) pages.show(first.id, above);
    } else if (tasks.length === 0 && !loading) {
      void pages.load();
    }
  }, [pages, view.model, pulse?.round]);
}

const KEY = "modicum.page";

interface Sizes {
  /** None: what suits the class. */
  chosen: number | null;
  choose: (size: number | null) => void;
  suits: (classId: number) => number;
}

/** How many items a page has: what suits the class's error, unless somebody chose; the choice is kept in this browser. */
export function useSizes(pages: Pages, view: Wire["ValidateView"], columns: number): Sizes {
  const [chosen, setChosen] = useState<number | null>(() => Number(localStorage.getItem(KEY)) || null);
  const suits = (classId: number) =>
    pageSize(view.classes.find((one) => one.class_id === classId)?.page_size, null, columns);
  useEffect(() => pages.sizes((classId) => chosen ?? suits(classId)));
  // biome-ignore lint/correctness/useExhaustiveDependencies: another window or choice is the trigger; what was learned from the last page is for the next
  useEffect(() => pages.resize(), [pages, columns, chosen]);
  const choose = (size: number | null) => {
    if (size === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, String(size));
    setChosen(size);
  };
  return { chosen, choose, suits };
}

/** The next page's thumbnails come into the browser's cache, one after the other and after those that are looked at. */
export function useThumbsAhead(slug: string, tasks: readonly Wire["Task"][]): void {
  const first = tasks[0]?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first task names the page
  useEffect(() => {
    const waiting = [...tasks];
    let timer: ReturnType<typeof setTimeout>;
    const next = () => {
      const task = waiting.shift();
      if (!task) return;
      const image = new Image();
      image.fetchPriority = "low";
      image.onload = image.onerror = () => {
        timer = setTimeout(next);
      };
      image.src = thumbUrl(slug, task.item.id, 256, task.item.sha256);
    };
    timer = setTimeout(next, 1500);
    return () => {
      clearTimeout(timer);
      waiting.length = 0;
    };
  }, [slug, first]);
}
