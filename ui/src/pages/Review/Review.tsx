// The Second look page: labels that the model and the neighbours contradict, one at a time, to keep or to change.

import { useEffect, useMemo, useState } from "react";
import { Link } from "wouter";
import { useStore } from "zustand";
import { imageUrl, type Wire } from "../../api/client";
import { useProject, useSuspects } from "../../api/queries";
import { type ActionOf, classKeys } from "../../model/actions";
import { count, counted } from "../../model/figures";
import { currentRow, type Review as Looks, tally } from "../../model/review";
import { classOf } from "../../model/values";
import { Button } from "../../parts/Button";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorNote } from "../../parts/ErrorNote";
import { Kbd } from "../../parts/Kbd";
import { KeySheet } from "../../parts/KeySheet";
import { useClock } from "../../parts/useClock";
import { useKeys } from "../../parts/useKeys";
import { Evidence } from "./Evidence";
import { Film } from "./Film";
import { reviewOf } from "./reviewOf";
import "./review.css";

export function Review({ slug }: { slug: string }) {
  const project = useProject(slug);
  const suspects = useSuspects(slug);
  const review = useMemo(() => reviewOf(slug), [slug]);
  const rows = useStore(review.store, (state) => state.rows);
  const page = suspects.data;
  useEffect(() => {
    if (page) review.merge(page);
  }, [review, page]);
  const error = project.error ?? suspects.error;
  if (!project.data || !page || rows === null) {
    return (
      <div className="message">
        {error ? (
          <ErrorNote error={error} retry={() => void Promise.all([project.refetch(), suspects.refetch()])} />
        ) : (
          <p className="quiet">Loading the labels that seem wrong</p>
        )}
      </div>
    );
  }
  if (rows.length === 0) return <NothingToLookAt slug={slug} page={page} />;
  return <Looking slug={slug} project={project.data.project} page={page} review={review} />;
}

function NothingToLookAt({ slug, page }: { slug: string; page: Wire["SuspectPage"] }) {
  const onwards = (
    <Link className="button" data-look="primary" href={`/p/${slug}/annotate`}>
      Go on labeling
    </Link>
  );
  if (page.checking && page.model === null) {
    return (
      <EmptyState title="The labels are being checked">
        <p>A model judges every label it has not seen, after each round. It takes a few seconds.</p>
      </EmptyState>
    );
  }
  if (page.hint) {
    return (
      <EmptyState title="Too early to doubt a label">
        <p>{page.hint}</p>
        {onwards}
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No label is contradicted">
      <p>
        {counted(page.labels, "label")} checked: where the model and the most similar images say something else,
        somebody has looked again. They are checked anew after every round.
      </p>
      {onwards}
    </EmptyState>
  );
}

interface LookingProps {
  slug: string;
  project: Wire["Project"];
  page: Wire["SuspectPage"];
  review: Looks;
}

function Looking({ slug, project, page, review }: LookingProps) {
  const state = useStore(review.store);
  const row = currentRow(state);
  const classes = useMemo(() => project.task_schema.classes.filter((one) => !one.archived), [project]);
  const keys = useMemo(() => classKeys(classes), [classes]);
  const name = (classId: number) => project.task_schema.classes[classId]?.name ?? `class ${classId}`;
  const clock = useClock(row?.item.id ?? null);
  const [seen, setSeen] = useState<number | null>(null);
  const [helpOpen, setHelpOpen] = useState(false);
  const counts = tally(state);
  useAhead(slug, state.rows ?? [], row?.item.id ?? null);

  // Nobody decides on what they have not seen.
  const decide = (classId: number | null) => {
    if (classId !== null && row && seen === row.item.id) review.decide(classId, clock.seconds(performance.now()));
  };
  const byKey: Record<ActionOf<"review">, () => void> = {
    keep: () => row && decide(classOf(row.label.value)),
    accept: () => row && decide(classOf(row.prediction.value)),
    undo: () => review.takeBack(),
    next: () => review.move(1),
    previous: () => review.move(-1),
    help: () => setHelpOpen(true),
  };
  useKeys("review", keys, (press) => {
    clock.stir(performance.now());
    if (press.kind === "class") decide(press.classId);
    else byKey[press.action]();
  });
  if (!row) return null;
  const said = state.said.get(row.item.id) ?? null;

  return (
    <div className="review" onPointerMove={() => clock.stir(performance.now())}>
      <h1 className="sr-only">Second look</h1>
      <div className="review-stage">
        {state.notice && (
          <p className="review-notice" role="status">
            {state.notice}
          </p>
        )}
        <img
          key={row.item.id}
          src={imageUrl(slug, row.item)}
          alt={row.item.name}
          draggable={false}
          onLoad={() => setSeen(row.item.id)}
        />
      </div>
      <Evidence slug={slug} row={row} said={said} classes={classes} keys={keys} name={name} decide={decide} />
      <footer className="review-foot">
        <Film
          slug={slug}
          rows={state.rows ?? []}
          said={state.said}
          current={state.current}
          show={(id) => review.show(id)}
        />
        <div className="review-bar">
          <p className="number" aria-live="polite">
            {counts.left === 0 ? "All looked at" : `${counted(counts.left, "label")} to look at`}
            {counts.kept + counts.changed > 0 && (
              <span className="quiet">
                : {count(counts.kept)} kept, {count(counts.changed)} changed
              </span>
            )}
            {page.checking && <span className="quiet"> (a newer list is on its way)</span>}
          </p>
          {counts.left === 0 && (
            <Link className="button" data-look="primary" href={`/p/${slug}/annotate`}>
              Go on labeling
            </Link>
          )}
          <Button onMouseDown={(event) => event.preventDefault()} onClick={() => setHelpOpen(true)}>
            Keys <Kbd>?</Kbd>
          </Button>
          <Button
            disabled={state.done.length === 0}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => review.takeBack()}
          >
            Take back <Kbd>⌫</Kbd>
          </Button>
        </div>
      </footer>
      {helpOpen && <KeySheet page="review" classes={classes} keys={keys} close={() => setHelpOpen(false)} />}
    </div>
  );
}

/** The images that come next are fetched while one is looked at. */
function useAhead(slug: string, rows: readonly Wire["Suspect"][], current: number | null): void {
  useEffect(() => {
    const at = rows.findIndex((row) => row.item.id === current);
    for (const row of rows.slice(at + 1, at + 3)) new Image().src = imageUrl(slug, row.item);
  }, [slug, rows, current]);
}
