// The Annotate page: one item, one key, the next item. Everything a key needs is already in the browser.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import { api, imageUrl, thumbUrl, unwrap, type Wire } from "../../api/client";
import { usePulse } from "../../api/events";
import { projectQuery, useProject } from "../../api/queries";
import { type ActionOf, classKeys } from "../../model/actions";
import { ItemClock } from "../../model/clock";
import { currentCard, lookedAt } from "../../model/session";
import { ErrorNote } from "../../parts/ErrorNote";
import { KeySheet } from "../../parts/KeySheet";
import { useKeys } from "../../parts/useKeys";
import { Actions, type Open, Panel, type PanelActions } from "./Panel";
import { PaintTimer } from "./paint";
import { Pictures } from "./pictures";
import { Stage, type StageHandle } from "./Stage";
import { NoItem } from "./States";
import { Strip } from "./Strip";
import { sessionOf } from "./sessions";
import "./annotate.css";

interface Props {
  slug: string;
  /** The item in the URL, none for "whatever comes next". */
  item: number | null;
}

export function Annotate({ slug, item }: Props) {
  const project = useProject(slug);
  if (project.error && !project.data) {
    return (
      <div className="annotate-message">
        <ErrorNote error={project.error} retry={() => void project.refetch()} />
      </div>
    );
  }
  return project.data ? (
    <Desk slug={slug} item={item} project={project.data} />
  ) : (
    <p className="annotate-message quiet">Loading the project</p>
  );
}

function Desk({ slug, item, project }: Props & { project: Wire["ProjectView"] }) {
  const session = useMemo(() => sessionOf(slug), [slug]);
  const state = useStore(session.store);
  const card = currentCard(state);
  const looked = lookedAt(state);
  const itemId = card?.item.id ?? null;
  useItemUrl(slug, item, itemId, session.open.bind(session), state.left !== null);
  useNews(slug, session.refill.bind(session), state.queue.length === 0 && (state.left ?? 1) > 0);
  const pictures = usePictures(slug, [
    ...(looked ? [looked.card.item] : []),
    ...state.queue.map((one) => one.item),
    ...state.strip.slice(0, 2).map((one) => one.card.item),
  ]);
  const clock = useItemClock(itemId);
  const [paint] = useState(() => new PaintTimer());
  const stage = useRef<StageHandle>(null);
  const [open, setOpen] = useState<Open>(null);
  const [guidelinesOpen, setGuidelinesOpen] = useState(false);
  const [helpOpen, setHelpOpen] = useState(false);
  const queries = useQueryClient();
  const { task_schema: schema, policy } = project.project;
  const keys = useMemo(() => classKeys(schema.classes), [schema.classes]);
  const name = (classId: number) => schema.classes[classId]?.name ?? `class ${classId}`;

  const decide = (at: number, how: (seconds: number) => void) => {
    if (itemId === null) return;
    paint.start(at, itemId);
    how(clock.seconds(performance.now()));
  };
  const act: PanelActions = {
    answer: (classId, at) => {
      if (policy.submit_on_key) decide(at, (seconds) => session.answer(classId, seconds));
      else session.choose(classId);
    },
    accept: (at) => {
      const proposal = session.proposal();
      if (proposal !== null) decide(at, (seconds) => session.answer(proposal, seconds));
      else if (looked) session.forward();
    },
    reject: () => session.dismiss(),
    skip: (at) => decide(at, (seconds) => session.skip(seconds)),
    flag: () => session.toggleFlag(),
    undo: () => session.takeBack(),
    leave: () => session.forward(),
    help: () => setHelpOpen(true),
    addClass: async (wanted) => {
      const view = await unwrap(
        api.POST("/api/projects/{slug}/classes", { params: { path: { slug } }, body: { name: wanted } }),
      );
      queries.setQueryData(projectQuery(slug).queryKey, view);
    },
    open: setOpen,
    guidelines: () => setGuidelinesOpen((now) => !now),
  };
  const step = 80;
  const byKey: Record<ActionOf<"annotate">, (at: number) => void> = {
    accept: act.accept,
    reject: act.reject,
    skip: act.skip,
    flag: act.flag,
    undo: act.undo,
    previous: () => session.back(),
    search: () => setOpen("search"),
    addClass: () => setOpen("add"),
    guidelines: act.guidelines,
    zoom: () => stage.current?.toggle(),
    zoomIn: () => stage.current?.zoom(1.3),
    zoomOut: () => stage.current?.zoom(1 / 1.3),
    panLeft: () => stage.current?.pan(step, 0),
    panRight: () => stage.current?.pan(-step, 0),
    panUp: () => stage.current?.pan(0, step),
    panDown: () => stage.current?.pan(0, -step),
    leave: act.leave,
    help: act.help,
  };
  useKeys("annotate", keys, (press, event) => {
    clock.stir(performance.now());
    if (press.kind === "class") act.answer(press.classId, event.timeStamp);
    else byKey[press.action](event.timeStamp);
  });
  const drawn = useCallback((id: number) => paint.drawn(id), [paint]);

  return (
    <div
      className="annotate"
      data-empty={card === null || undefined}
      onPointerMove={() => clock.stir(performance.now())}
    >
      <h1 className="sr-only">Annotate</h1>
      <div className="annotate-main">
        {state.notice && (
          <div className="annotate-notice" role="status">
            <p>{state.notice}</p>
            <button type="button" className="button" data-look="plain" onClick={() => session.clearNotice()}>
              Close
            </button>
          </div>
        )}
        {card ? (
          <Stage
            ref={stage}
            item={card.item}
            ahead={state.queue.slice(0, 3).map((one) => one.item)}
            pictures={pictures}
            drawn={drawn}
          />
        ) : (
          <NoItem slug={slug} project={project} state={state} retry={() => void session.refill()} />
        )}
      </div>
      {card && (
        <Panel
          card={card}
          looked={looked}
          draft={state.draft}
          project={project}
          keys={keys}
          open={open}
          guidelinesOpen={guidelinesOpen}
          act={act}
        />
      )}
      <footer className="annotate-foot" hidden={card === null && state.strip.length === 0}>
        <Strip
          slug={slug}
          strip={state.strip}
          looking={state.looking}
          className={name}
          look={(key) => session.look(key)}
        />
        {card && (
          <Actions flagged={state.draft.flag} canUndo={state.strip.some((one) => one.state !== "refused")} act={act} />
        )}
      </footer>
      <p className="sr-only" aria-live="polite">
        {card ? `${card.item.name}. ${spoken(card.prediction, name)}` : ""}
      </p>
      {helpOpen && (
        <KeySheet
          page="annotate"
          classes={schema.classes.filter((one) => !one.archived)}
          keys={keys}
          close={() => setHelpOpen(false)}
        />
      )}
    </div>
  );
}

function spoken(prediction: Wire["Prediction"] | null, name: (classId: number) => string): string {
  return prediction
    ? `Suggested: ${name(prediction.value.class_id)}, ${Math.round(prediction.confidence * 100)} percent.`
    : "No suggestion.";
}

/** The URL names the item on the stage, without new entries in the browser's history; a new URL opens its item. */
function useItemUrl(
  slug: string,
  inUrl: number | null,
  onStage: number | null,
  open: (itemId: number | null) => Promise<void>,
  claimed: boolean,
): void {
  const [, navigate] = useLocation();
  const written = useRef<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new URL opens something
  useEffect(() => {
    if (inUrl === null || inUrl !== written.current) {
      void open(inUrl !== null && Number.isInteger(inUrl) ? inUrl : null);
    }
  }, [inUrl]);
  useEffect(() => {
    if (onStage === inUrl || (onStage === null && !claimed)) return;
    // Only when it rests on an item: writing the address costs a good part of a frame.
    const timer = setTimeout(() => {
      written.current = onStage;
      navigate(onStage === null ? `/p/${slug}/annotate` : `/p/${slug}/annotate/${onStage}`, { replace: true });
    }, 150);
    return () => clearTimeout(timer);
  }, [slug, inUrl, onStage, claimed, navigate]);
}

/** Claims again when the project has news, and every other second while somebody waits for an item. */
function useNews(slug: string, refill: () => Promise<void>, waiting: boolean): void {
  const pulse = usePulse(slug);
  // biome-ignore lint/correctness/useExhaustiveDependencies: news are the trigger
  useEffect(() => {
    void refill();
  }, [pulse?.round, pulse?.items, pulse?.labeled]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the session behind `refill` stays the same
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(() => void refill(), 2000);
    return () => clearInterval(timer);
  }, [waiting]);
}

function usePictures(slug: string, items: readonly Wire["Item"][]): Pictures {
  const [pictures] = useState(() => new Pictures());
  useEffect(() => {
    pictures.keep(items.map((one) => ({ id: one.id, url: imageUrl(slug, one), width: one.width, height: one.height })));
  });
  useEffect(() => () => pictures.keep([]), [pictures]);
  // The strip will want their thumbnails the moment they are decided.
  const coming = items.map((one) => thumbUrl(slug, one.id, 256, one.sha256)).join(" ");
  useEffect(() => {
    const timer = setTimeout(() => {
      for (const url of coming.split(" ").filter(Boolean)) new Image().src = url;
    }, 120);
    return () => clearTimeout(timer);
  }, [coming]);
  return pictures;
}

function useItemClock(itemId: number | null): ItemClock {
  const [clock] = useState(() => new ItemClock());
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new item starts the clock
  useLayoutEffect(() => clock.start(performance.now(), !document.hidden), [itemId]);
  useEffect(() => {
    const seen = () => (document.hidden ? clock.hide(performance.now()) : clock.stir(performance.now()));
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [clock]);
  return clock;
}
