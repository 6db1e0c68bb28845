// The workbench: the image on the board, tools beside it, what is drawn and what the model suggests on the other side, the last
// images below. Everything a key needs is already in the browser; what is drawn is kept there until the server has it.
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useStore } from "zustand";
import { api, unwrap, type Wire } from "../../api/client";
import { drawingsOf } from "../../api/drawings";
import { Board, type BoardHandle, type ToolId } from "../../canvas/Board";
import { classKeys } from "../../model/actions";
import type { Card } from "../../model/cards";
import type { Doc, DocState } from "../../model/document";
import type { Given } from "../../model/drawings";
import { currentCard, lookedAt, type Session } from "../../model/session";
import type { Shapes } from "../../model/shape";
import type { Value } from "../../model/values";
import { Button } from "../../parts/Button";
import { ErrorNote } from "../../parts/ErrorNote";
import { KeySheet } from "../../parts/KeySheet";
import { useClock } from "../../parts/useClock";
import { useKeys } from "../../parts/useKeys";
import { usePictures } from "../Annotate/hooks";
import { Strip } from "../Annotate/Strip";
import { firstTool, useActs } from "./acts";
import { useAssistance } from "./assistance";
import { useBoardSettings } from "./boardSettings";
import type { Open } from "./Classes";
import { KeyButton } from "./KeyButton";
import { Look } from "./Look";
import { Palette } from "./Palette";
import { Side } from "./Side";
import { Toolbar } from "./Toolbar";
import { usable } from "./tools";
import "../Annotate/annotate.css";
import "../Annotate/panel.css";
import "../Annotate/strip.css";
import "./workbench.css";

interface Props {
  slug: string;
  project: Wire["ProjectView"];
  session: Session;
  /** In the place of the image while there is none. */
  nothing: ReactNode;
}

type Shown = Record<"look" | "guidelines" | "help" | "palette", boolean>;

export function Workbench({ slug, project, session, nothing }: Props) {
  const state = useStore(session.store);
  const card = currentCard(state);
  const looked = lookedAt(state);
  const itemId = card?.item.id ?? null;
  const { task_schema: schema } = project.project;
  const { classes } = schema;
  const keys = useMemo(() => classKeys(classes, "draw"), [classes]);
  const [settings, change] = useBoardSettings();
  const [classId, setClassId] = useState<number | null>(() => classes.find((one) => !one.archived)?.id ?? null);
  const [tool, setTool] = useTool(() => firstTool(classes[classId ?? -1], classes));
  const [only, setOnly] = useState<ReadonlySet<number> | null>(null);
  const [hint, setHint] = useState<string | null>(null);
  const [said, say] = useState<string | null>(null);
  const [open, setOpen] = useState<Open>(null);
  const [shown, setShown] = useState<Shown>({ look: false, guidelines: false, help: false, palette: false });
  const board = useRef<BoardHandle>(null);
  const clock = useClock(itemId);
  const drawings = useMemo(() => drawingsOf(slug), [slug]);
  const docs = useDocs(slug, session);
  const doc = itemId === null ? null : (docs.get(itemId) ?? null);
  const drawn = useStoreOf(doc);
  const notes = useNotes(slug);
  const refused = useStore(drawings.store, (now) => (itemId === null ? undefined : now.refused.get(itemId)));
  const pictures = usePictures(slug, [
    ...(looked ? [looked.card.item] : []),
    ...state.queue.slice(state.at).map((one) => one.item),
    ...state.queue.slice(0, state.at).map((one) => one.item),
    ...state.strip.slice(0, 2).map((one) => one.card.item),
  ]);
  const assistance = useAssistance(slug, itemId, state.queue.slice(state.at, state.at + 3));
  const picture = useSyncExternalStore(pictures.listen, () => (itemId === null ? null : pictures.get(itemId)));
  // Drawing is to the pixel: the image on the board is decoded whole.
  useEffect(() => {
    if (itemId !== null && picture?.bitmap && !picture.whole) void pictures.whole(itemId);
  }, [itemId, picture, pictures]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another image, another word
  useEffect(() => say(null), [itemId]);

  const act = useActs({
    slug,
    session,
    drawings,
    doc,
    nextDoc: () => {
      const next = looked ? state.queue[state.at] : state.queue[state.at + 1];
      return next ? (docs.get(next.item.id) ?? null) : null;
    },
    board,
    clock,
    seen: Boolean(picture?.bitmap),
    classes,
    classId,
    tool: tool.now,
    lastTool: tool.last,
    settings,
    say,
    setTool,
    setClassId,
    setOpen,
    toggle: (what) => setShown((now) => ({ ...now, [what]: !now[what] })),
  });
  useKeys("draw", keys, (press) => {
    clock.stir(performance.now());
    if (press.kind === "class") act.choose(press.classId);
    else act[press.action]();
  });

  const close = (what: keyof Shown) => () => setShown((now) => ({ ...now, [what]: false }));
  const filter = useMemo(() => ({ classes: only, score: settings.score }), [only, settings.score]);
  const name = (id: number) => classes[id]?.name ?? `class ${id}`;
  const message = said ?? (refused ? `The draft was not saved: ${refused}` : null) ?? state.notice;
  return (
    <div
      className="annotate bench"
      data-empty={card === null || undefined}
      onPointerMove={() => clock.stir(performance.now())}
    >
      <h1 className="sr-only">Annotate</h1>
      {card && doc ? (
        <>
          <Toolbar
            tools={usable(classes).filter(({ id }) => id !== "model" || assistance.model)}
            tool={tool.now}
            entry={classes[classId ?? -1]}
            choose={act.tool}
            undo={drawn?.undo ?? null}
            redo={drawn?.redo ?? null}
            act={act}
          />
          <div className="annotate-main bench-main">
            <Board
              ref={board}
              label={`${card.item.name}, ${card.item.width} by ${card.item.height} pixels`}
              doc={doc}
              image={picture?.bitmap ?? null}
              width={card.item.width}
              height={card.item.height}
              tool={tool.now}
              classId={classId}
              classes={classes}
              settings={settings}
              filter={filter}
              onTool={setTool}
              onHint={setHint}
              assist={assistance.ask}
            />
            {!picture?.bitmap && !picture?.error && <p className="stage-wait quiet">Loading the image</p>}
            {picture?.error && (
              <div className="stage-wait">
                <ErrorNote error={picture.error} retry={() => pictures.again(card.item.id)} />
              </div>
            )}
            {message && (
              <div className="annotate-notice bench-said" role="status">
                <p>{message}</p>
                <Button
                  look="plain"
                  onClick={() => {
                    say(null);
                    session.clearNotice();
                  }}
                >
                  Close
                </Button>
              </div>
            )}
            {hint && <p className="bench-hint small">{hint}</p>}
            {shown.look && <Look settings={settings} change={change} rotate={act.rotate} close={close("look")} />}
          </div>
          <Side
            card={card}
            looked={looked}
            doc={doc}
            state={drawn ?? doc.snapshot}
            project={project}
            keys={keys}
            classId={classId}
            open={open}
            setOpen={setOpen}
            only={only}
            setOnly={setOnly}
            score={settings.score}
            setScore={(score) => change({ score })}
            guidelinesOpen={shown.guidelines}
            notes={notes}
            focus={(id) => board.current?.focus(id)}
            act={act}
          />
        </>
      ) : (
        <div className="annotate-main">{card ? <p className="message quiet">Loading the drawing</p> : nothing}</div>
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
          <div className="annotate-actions">
            <KeyButton action="submit" look="primary" className="bench-wide" onClick={act.submit}>
              {looked ? "Save again" : "Save and next"}
            </KeyButton>
            <KeyButton action="skip" onClick={act.skip}>
              Skip
            </KeyButton>
            <KeyButton action="flag" pressed={state.draft.flag} onClick={act.flag}>
              {state.draft.flag ? "Flagged" : "Flag"}
            </KeyButton>
          </div>
        )}
      </footer>
      <p className="sr-only" aria-live="polite">
        {card ? `${card.item.name}. ${spoken(card)}` : ""}
      </p>
      {shown.help && (
        <KeySheet page="draw" classes={classes.filter((one) => !one.archived)} keys={keys} close={close("help")} />
      )}
      {shown.palette && (
        <Palette
          classes={classes}
          keys={keys}
          run={(action) => act[action]()}
          choose={act.choose}
          close={close("palette")}
        />
      )}
    </div>
  );
}

function spoken({ prediction }: Card): string {
  const found = prediction?.value.type === "shapes" ? prediction.value.shapes.length : 0;
  return found === 0 ? "No suggestions." : `${found} suggestions to decide on.`;
}

/** The tool, and the last one that drew. */
function useTool(first: () => ToolId): [{ now: ToolId; last: ToolId }, (tool: ToolId) => void] {
  const [tool, setTool] = useState(() => {
    const now = first();
    return { now, last: now === "select" ? ("box" as const) : now };
  });
  const draws = (id: ToolId) => id !== "select" && id !== "pan";
  return [tool, (now) => setTool(({ last }) => ({ now, last: draws(now) ? now : last }))];
}

/** The documents of the queue and of what is looked at; those of the strip are kept with their undo. */
function useDocs(slug: string, session: Session): ReadonlyMap<number, Doc> {
  const drawings = useMemo(() => drawingsOf(slug), [slug]);
  const { queue, at, strip, looking } = useStore(session.store);
  const docs = useStore(drawings.store, (now) => now.docs);
  useEffect(() => {
    for (const card of queue.slice(0, at + 3)) {
      drawings.reopen(card.item.id);
      drawings.open(card.item.id, given(card.before, card.prediction));
    }
    const looked = strip.find((one) => one.key === looking);
    if (looked) drawings.open(looked.card.item.id, given(looked.value, looked.card.prediction));
    drawings.keepOnly([...queue, ...strip.map((one) => one.card)].map((card) => card.item.id));
  }, [drawings, queue, at, strip, looking]);
  return docs;
}

function given(value: Value | null, prediction: Wire["Prediction"] | null): Given {
  const prelabels = prediction?.value.type === "shapes" ? prediction.value : null;
  // What is sent lacks what the server adds; for drawing that makes no difference.
  return { value: value?.type === "shapes" ? (value as Shapes) : null, prelabels };
}

function useStoreOf(doc: Doc | null): DocState | null {
  return useSyncExternalStore(
    (changed) => doc?.subscribe(changed) ?? (() => {}),
    () => doc?.snapshot ?? null,
  );
}

/** What became of predictions that could not be shown as the models said them. */
function useNotes(slug: string): readonly string[] {
  const { data } = useQuery({
    queryKey: ["project", slug, "shape-sources"],
    queryFn: () => unwrap(api.GET("/api/projects/{slug}/shape-sources", { params: { path: { slug } } })),
  });
  return (data?.notes ?? []).map(({ source, note, items }) => `${source}: ${note} (${items})`);
}
