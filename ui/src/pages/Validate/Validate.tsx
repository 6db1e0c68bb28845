// The Validate page: what the model is sure of, by class, as a grid; mark the wrong ones, confirm the rest with one key.
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Link } from "wouter";
import { useStore } from "zustand";
import { imageUrl, thumbUrl, type Wire } from "../../api/client";
import { usePulse } from "../../api/events";
import { useProject, useValidate } from "../../api/queries";
import { type ActionOf, classKeys } from "../../model/actions";
import { ItemClock } from "../../model/clock";
import { count, counted, percent } from "../../model/figures";
import { between, type Layout, type Move, moved } from "../../model/grid";
import { tally } from "../../model/marks";
import { PAGE, pageOf } from "../../model/pages";
import { countAbove } from "../../model/validation";
import { Button } from "../../parts/Button";
import { Swatch } from "../../parts/ClassChip";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorNote } from "../../parts/ErrorNote";
import { Kbd } from "../../parts/Kbd";
import { KeySheet } from "../../parts/KeySheet";
import { useKeys } from "../../parts/useKeys";
import { Classes } from "./Classes";
import { Grid } from "./Grid";
import { pagesFor } from "./pagesOf";
import { Threshold } from "./Threshold";
import "./validate.css";

export function Validate({ slug }: { slug: string }) {
  const project = useProject(slug);
  const view = useValidate(slug);
  const error = project.error ?? view.error;
  if (project.data && view.data) {
    if (view.data.model === null) {
      return (
        <EmptyState title="There is no model yet">
          <p>It trains after the first few labels. Then what it is sure of can be confirmed here, a page at a time.</p>
          <Link className="button" data-look="primary" href={`/p/${slug}/annotate`}>
            Label the first ones
          </Link>
        </EmptyState>
      );
    }
    return <Sorting slug={slug} project={project.data.project} view={view.data} />;
  }
  return (
    <div className="annotate-message">
      {error ? (
        <ErrorNote error={error} retry={() => void Promise.all([project.refetch(), view.refetch()])} />
      ) : (
        <p className="quiet">Loading what the model is sure of</p>
      )}
    </div>
  );
}

interface SortingProps {
  slug: string;
  project: Wire["Project"];
  view: Wire["ValidateView"];
}

function Sorting({ slug, project, view }: SortingProps) {
  const pages = useMemo(() => pagesFor(slug), [slug]);
  const state = useStore(pages.store);
  const classes = useMemo(() => project.task_schema.classes.filter((one) => !one.archived), [project]);
  const keys = useMemo(() => classKeys(classes), [classes]);
  const name = (classId: number) => project.task_schema.classes[classId]?.name ?? `class ${classId}`;
  const page = pageOf(state);
  const [hovered, setHovered] = useState<number | null>(null);
  const [large, setLarge] = useState(false);
  const [helpOpen, setHelpOpen] = useState(false);
  const grid = useRef<Layout>({ columns: 1, step: 1, count: 0 });
  const laidOut = useCallback((now: Layout) => {
    grid.current = now;
  }, []);
  const clock = usePageClock(page[0]?.id ?? null);
  useOpening(slug, pages, view, classes, project.policy.validate_above);
  useThumbsAhead(slug, state.tasks.slice(PAGE, 2 * PAGE));

  const there = (classId: number) =>
    countAbove(view.classes.find((one) => one.class_id === classId)?.histogram ?? [], state.above);
  const turn = (by: 1 | -1) => {
    const at = classes.findIndex((one) => one.id === state.classId);
    const next = classes[(at + by + classes.length) % classes.length];
    if (next) pages.show(next.id, state.above);
  };
  const step = (move: Move, marking: boolean) => {
    const to = moved(state.focus, move, grid.current);
    setHovered(null);
    pages.focusOn(to, marking ? between(state.anchor, to) : null);
  };
  const confirm = () => {
    setLarge(false);
    pages.confirm(clock.seconds(performance.now()));
  };
  const byKey: Record<ActionOf<"validate">, (shift: boolean) => void> = {
    confirm,
    mark: () => pages.toggle(state.focus),
    large: () => setLarge((now) => !now),
    undo: () => pages.takeBack(),
    left: (shift) => step("left", shift),
    right: (shift) => step("right", shift),
    up: (shift) => step("up", shift),
    down: (shift) => step("down", shift),
    first: () => step("first", false),
    last: () => step("last", false),
    nextClass: () => turn(1),
    previousClass: () => turn(-1),
    clear: () => (large ? setLarge(false) : pages.clear()),
    help: () => setHelpOpen(true),
  };
  useKeys("validate", keys, (press, event) => {
    clock.stir(performance.now());
    if (press.kind === "class") pages.relabel(press.classId);
    else byKey[press.action](event.shiftKey);
  });
  const shown = page[hovered ?? state.focus] ?? null;
  const next = classes.find((one) => one.id !== state.classId && there(one.id) > 0) ?? null;

  return (
    <div className="validate" onPointerMove={() => clock.stir(performance.now())}>
      <h1 className="sr-only">Validate</h1>
      <div className="validate-side">
        <Classes
          view={view}
          classes={classes}
          above={state.above}
          chosen={state.classId}
          choose={(classId) => pages.show(classId, state.above)}
        />
        {shown && <Preview slug={slug} task={shown} />}
      </div>
      <div className="validate-main">
        {state.classId !== null && (
          <Threshold
            view={view}
            classId={state.classId}
            above={state.above}
            change={(above) => state.classId !== null && pages.show(state.classId, above)}
          />
        )}
        {state.notice && (
          <p className="validate-notice" role="status">
            {state.notice}
          </p>
        )}
        {state.error && <ErrorNote error={state.error} retry={() => void pages.load()} />}
        {page.length > 0 && state.classId !== null ? (
          <Grid
            slug={slug}
            tasks={page}
            marks={state.marks}
            focus={state.focus}
            anchor={state.anchor}
            label={`Suggested as ${name(state.classId)}, most doubtful first`}
            name={name}
            toggle={(index) => pages.toggle(index)}
            mark={(focus, indices) => pages.focusOn(focus, indices)}
            hover={setHovered}
            laidOut={laidOut}
          />
        ) : (
          <Nothing
            loading={state.loading}
            words={state.classId === null ? "" : `No ${name(state.classId)} left at ${percent(state.above)} or above`}
            next={next}
            there={next ? there(next.id) : 0}
            show={(classId) => pages.show(classId, state.above)}
          />
        )}
        <Bar
          size={page.length}
          total={state.total}
          counts={tally(state.marks, page.length)}
          canUndo={state.done.length > 0}
          confirm={confirm}
          undo={() => pages.takeBack()}
          help={() => setHelpOpen(true)}
        />
        {large && shown && <Large slug={slug} task={shown} close={() => setLarge(false)} />}
      </div>
      {helpOpen && <KeySheet page="validate" classes={classes} keys={keys} close={() => setHelpOpen(false)} />}
    </div>
  );
}

function Preview({ slug, task }: { slug: string; task: Wire["Task"] }) {
  return (
    <figure className="validate-preview" aria-hidden="true">
      <img src={thumbUrl(slug, task.item.id, 512, task.item.sha256)} alt="" draggable={false} />
      <figcaption className="small">
        <bdi>{task.item.name}</bdi>
        {task.prediction && <span className="number quiet">{percent(task.prediction.confidence)}</span>}
      </figcaption>
    </figure>
  );
}

function Large({ slug, task, close }: { slug: string; task: Wire["Task"]; close: () => void }) {
  return (
    <div className="validate-large">
      <img src={imageUrl(slug, task.item)} alt={task.item.name} draggable={false} />
      <Button onMouseDown={(event) => event.preventDefault()} onClick={close}>
        Close <Kbd>Z</Kbd>
      </Button>
    </div>
  );
}

interface NothingProps {
  loading: boolean;
  words: string;
  next: Wire["Class"] | null;
  there: number;
  show: (classId: number) => void;
}

function Nothing({ loading, words, next, there, show }: NothingProps) {
  if (loading) return <p className="validate-wait quiet">Fetching the page</p>;
  return (
    <EmptyState title={words}>
      {next ? (
        <Button look="primary" onClick={() => show(next.id)}>
          <Swatch classId={next.id} /> Go on with <bdi>{next.name}</bdi> ({count(there)})
        </Button>
      ) : (
        <p>No class has any. A lower confidence on the slider brings more, and so do more labels.</p>
      )}
    </EmptyState>
  );
}

interface BarProps {
  size: number;
  total: number | null;
  counts: ReturnType<typeof tally>;
  canUndo: boolean;
  confirm: () => void;
  undo: () => void;
  help: () => void;
}

function Bar({ size, total, counts, canUndo, confirm, undo, help }: BarProps) {
  const still = { onMouseDown: (event: React.MouseEvent) => event.preventDefault() };
  return (
    <footer className="validate-bar">
      <p className="number" aria-live="polite">
        {size > 0 && (
          <>
            {counted(counts.confirmed, "item")} right
            {counts.wrong > 0 && <span className="validate-wrong">, {count(counts.wrong)} back to Annotate</span>}
            {counts.relabeled > 0 && `, ${count(counts.relabeled)} relabeled`}
            {total !== null && total > size && <span className="quiet">, {count(total - size)} after this page</span>}
          </>
        )}
      </p>
      <Button {...still} onClick={help}>
        Keys <Kbd>?</Kbd>
      </Button>
      <Button {...still} disabled={!canUndo} onClick={undo}>
        Undo page <Kbd>⌫</Kbd>
      </Button>
      <Button {...still} look="primary" disabled={size === 0} onClick={confirm}>
        Confirm page <Kbd>Enter</Kbd>
      </Button>
    </footer>
  );
}

/** Opens the class with most to validate first, and looks again when a new model has come while the page was empty. */
function useOpening(
  slug: string,
  pages: ReturnType<typeof pagesFor>,
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

function usePageClock(firstTask: number | null): ItemClock {
  const [clock] = useState(() => new ItemClock());
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page starts the clock
  useLayoutEffect(() => clock.start(performance.now(), !document.hidden), [firstTask]);
  useEffect(() => {
    const seen = () => (document.hidden ? clock.hide(performance.now()) : clock.stir(performance.now()));
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [clock]);
  return clock;
}

/** The next page's thumbnails come into the browser's cache, one after the other and after those that are looked at. */
function useThumbsAhead(slug: string, tasks: readonly Wire["Task"][]): void {
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
