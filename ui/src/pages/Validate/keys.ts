// The keys of the Validate page.
import type { RefObject } from "react";
import type { Wire } from "../../api/client";
import type { ActionOf } from "../../model/actions";
import type { ItemClock } from "../../model/clock";
import { between, type Layout, type Move, moved } from "../../model/grid";
import type { Pages } from "../../model/pages";
import { useKeys } from "../../parts/useKeys";

interface Parts {
  pages: Pages;
  classes: readonly Wire["Class"][];
  keys: ReadonlyMap<number, string>;
  clock: ItemClock;
  grid: RefObject<Layout>;
  large: boolean;
  setLarge: (large: boolean) => void;
  setHovered: (index: number | null) => void;
  setHelpOpen: (open: boolean) => void;
  confirm: () => void;
}

export function useSortingKeys({ pages, classes, keys, clock, grid, large, ...parts }: Parts): void {
  const step = (move: Move, marking: boolean) => {
    const { focus, anchor } = pages.store.getState();
    const to = moved(focus, move, grid.current);
    parts.setHovered(null);
    pages.focusOn(to, marking ? between(anchor, to) : null);
  };
  const turn = (by: 1 | -1) => {
    const { classId, above } = pages.store.getState();
    const at = classes.findIndex((one) => one.id === classId);
    const next = classes[(at + by + classes.length) % classes.length];
    if (next) pages.show(next.id, above);
  };
  const byKey: Record<ActionOf<"validate">, (shift: boolean) => void> = {
    confirm: parts.confirm,
    mark: () => pages.toggle(pages.store.getState().focus),
    large: () => parts.setLarge(!large),
    undo: () => pages.takeBack(),
    left: (shift) => step("left", shift),
    right: (shift) => step("right", shift),
    up: (shift) => step("up", shift),
    down: (shift) => step("down", shift),
    first: () => step("first", false),
    last: () => step("last", false),
    nextClass: () => turn(1),
    previousClass: () => turn(-1),
    clear: () => (large ? parts.setLarge(false) : pages.clear()),
    help: () => parts.setHelpOpen(true),
  };
  useKeys("validate", keys, (press, event) => {
    clock.stir(performance.now());
    if (press.kind === "class") pages.relabel(press.classId);
    else byKey[press.action](event.shiftKey);
  });
}
