// What a person can do on the Annotate page, and the keys that do it.
import { useQueryClient } from "@tanstack/react-query";
import type { Dispatch, RefObject, SetStateAction } from "react";
import { api, unwrap } from "../../api/client";
import { projectQuery } from "../../api/queries";
import type { ActionOf } from "../../model/actions";
import type { ItemClock } from "../../model/clock";
import { currentCard, lookedAt, type Session } from "../../model/session";
import { choice } from "../../model/values";
import { useKeys } from "../../parts/useKeys";
import type { Open, PanelActions } from "./Panel";
import type { PaintTimer } from "./paint";
import type { Pictures } from "./pictures";
import type { StageHandle } from "./Stage";

interface Parts {
  slug: string;
  session: Session;
  pictures: Pictures;
  clock: ItemClock;
  paint: PaintTimer;
  submitOnKey: boolean;
  setOpen: (open: Open) => void;
  setGuidelinesOpen: Dispatch<SetStateAction<boolean>>;
  setHelpOpen: (open: boolean) => void;
}

/** `at` is the time of the key or click that asked for it: the paint timer starts there. */
export function useActs(parts: Parts): PanelActions {
  const { slug, session, pictures, clock, paint } = parts;
  const queries = useQueryClient();
  const decide = (at: number, how: (seconds: number) => void) => {
    const card = currentCard(session.store.getState());
    if (!card) return;
    paint.start(at, card.item.id);
    how(clock.seconds(performance.now()));
  };
  const answer = (classId: number, at: number) => {
    const card = currentCard(session.store.getState());
    // Nobody labels what they have not seen. An image that cannot be shown can be skipped or flagged.
    if (card && pictures.get(card.item.id)?.bitmap) decide(at, (seconds) => session.answer(choice(classId), seconds));
  };
  return {
    answer: (classId, at) => (parts.submitOnKey ? answer(classId, at) : session.choose(classId)),
    accept: (at) => {
      const proposal = session.proposal();
      if (proposal !== null) answer(proposal, at);
      else if (lookedAt(session.store.getState())) session.forward();
    },
    reject: () => session.dismiss(),
    skip: (at) => decide(at, (seconds) => session.skip(seconds)),
    flag: () => session.toggleFlag(),
    undo: () => session.takeBack(),
    leave: () => session.forward(),
    help: () => parts.setHelpOpen(true),
    addClass: async (name) => {
      const call = api.POST("/api/projects/{slug}/classes", { params: { path: { slug } }, body: { name } });
      queries.setQueryData(projectQuery(slug).queryKey, await unwrap(call));
    },
    open: parts.setOpen,
    guidelines: () => parts.setGuidelinesOpen((now) => !now),
  };
}

const PAN = 80;

export function useDeskKeys(
  session: Session,
  act: PanelActions,
  keys: ReadonlyMap<number, string>,
  stage: RefObject<StageHandle | null>,
  clock: ItemClock,
): void {
  const byKey: Record<ActionOf<"annotate">, (at: number) => void> = {
    accept: act.accept,
    reject: act.reject,
    skip: act.skip,
    flag: act.flag,
    undo: act.undo,
    previous: () => session.back(),
    search: () => act.open("search"),
    addClass: () => act.open("add"),
    guidelines: act.guidelines,
    zoom: () => stage.current?.toggle(),
    zoomIn: () => stage.current?.zoom(1.3),
    zoomOut: () => stage.current?.zoom(1 / 1.3),
    panLeft: () => stage.current?.pan(PAN, 0),
    panRight: () => stage.current?.pan(-PAN, 0),
    panUp: () => stage.current?.pan(0, PAN),
    panDown: () => stage.current?.pan(0, -PAN),
    leave: act.leave,
    help: act.help,
  };
  useKeys("annotate", keys, (press, event) => {
    clock.stir(performance.now());
    if (press.kind === "class") act.answer(press.classId, event.timeStamp);
    else byKey[press.action](event.timeStamp);
  });
}
