// The desk: an item as large as it can be, the decision beside it, the last ones below. Everything a key needs is already in
// the browser. Which items come, the session says: the project's queue, or the questions about a new batch.

import { type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { useStore } from "zustand";
import type { Wire } from "../../api/client";
import { classKeys } from "../../model/actions";
import { currentCard, lookedAt, type Session } from "../../model/session";
import { classOf } from "../../model/values";
import { Button } from "../../parts/Button";
import { KeySheet } from "../../parts/KeySheet";
import { useClock } from "../../parts/useClock";
import { useActs, useDeskKeys } from "./acts";
import { usePictures } from "./hooks";
import { Actions, type Open, Panel } from "./Panel";
import { PaintTimer } from "./paint";
import { Stage, type StageHandle } from "./Stage";
import { Strip } from "./Strip";
import "./annotate.css";
import "./panel.css";
import "./strip.css";

interface Props {
  slug: string;
  project: Wire["ProjectView"];
  session: Session;
  title: string;
  /** In the place of the item while there is none. */
  nothing: ReactNode;
}

export function Desk({ slug, project, session, title, nothing }: Props) {
  const state = useStore(session.store);
  const card = currentCard(state);
  const looked = lookedAt(state);
  const itemId = card?.item.id ?? null;
  const pictures = usePictures(slug, [
    ...(looked ? [looked.card.item] : []),
    ...state.queue.map((one) => one.item),
    ...state.strip.slice(0, 2).map((one) => one.card.item),
  ]);
  const clock = useClock(itemId);
  const [paint] = useState(() => new PaintTimer());
  const stage = useRef<StageHandle>(null);
  const [open, setOpen] = useState<Open>(null);
  const [guidelinesOpen, setGuidelinesOpen] = useState(false);
  const [helpOpen, setHelpOpen] = useState(false);
  const { task_schema: schema, policy } = project.project;
  const keys = useMemo(() => classKeys(schema.classes), [schema.classes]);
  const name = (classId: number) => schema.classes[classId]?.name ?? `class ${classId}`;

  const act = useActs({
    slug,
    session,
    pictures,
    clock,
    paint,
    submitOnKey: policy.submit_on_key,
    setOpen,
    setGuidelinesOpen,
    setHelpOpen,
  });
  useDeskKeys(session, act, keys, stage, clock);
  const drawn = useCallback((id: number) => paint.drawn(id), [paint]);

  return (
    <div
      className="annotate"
      data-empty={card === null || undefined}
      onPointerMove={() => clock.stir(performance.now())}
    >
      <h1 className="sr-only">{title}</h1>
      <div className="annotate-main">
        {state.notice && <Notice text={state.notice} close={() => session.clearNotice()} />}
        {card ? (
          <Stage
            ref={stage}
            item={card.item}
            ahead={state.queue.slice(0, 3).map((one) => one.item)}
            pictures={pictures}
            drawn={drawn}
          />
        ) : (
          nothing
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

function Notice({ text, close }: { text: string; close: () => void }) {
  return (
    <div className="annotate-notice" role="status">
      <p>{text}</p>
      <Button look="plain" onClick={close}>
        Close
      </Button>
    </div>
  );
}

function spoken(prediction: Wire["Prediction"] | null, name: (classId: number) => string): string {
  const classId = classOf(prediction?.value);
  return prediction && classId !== null
    ? `Suggested: ${name(classId)}, ${Math.round(prediction.confidence * 100)} percent.`
    : "No suggestion.";
}
