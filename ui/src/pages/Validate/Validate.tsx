// The Validate page: what the model is sure of, by class, as a grid; mark the wrong ones, confirm the rest with one key.
import { useCallback, useMemo, useRef, useState } from "react";
import { Link } from "wouter";
import { useStore } from "zustand";
import type { Wire } from "../../api/client";
import { useProject, useValidate } from "../../api/queries";
import { classKeys } from "../../model/actions";
import { count, percent } from "../../model/figures";
import type { Layout } from "../../model/grid";
import { tally } from "../../model/marks";
import { pageOf } from "../../model/pages";
import { countAbove } from "../../model/validation";
import { Button } from "../../parts/Button";
import { Swatch } from "../../parts/ClassChip";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorNote } from "../../parts/ErrorNote";
import { KeySheet } from "../../parts/KeySheet";
import { useClock } from "../../parts/useClock";
import { Bar } from "./Bar";
import { Classes } from "./Classes";
import { Grid } from "./Grid";
import { useOpening, useSizes, useThumbsAhead } from "./hooks";
import { Images } from "./Images";
import { useSortingKeys } from "./keys";
import { Large, Preview } from "./Large";
import { PageSize } from "./PageSize";
import { pagesFor } from "./pagesOf";
import { Threshold } from "./Threshold";
import "./validate.css";

export function Validate({ slug }: { slug: string }) {
  const project = useProject(slug);
  const view = useValidate(slug);
  const error = project.error ?? view.error;
  if (project.data && view.data) {
    const { task, classes } = project.data.project.task_schema;
    if (view.data.model === null && task === "classify") {
      return (
        <EmptyState title="There is no model yet">
          <p>It trains after the first few labels. Then what it is sure of can be confirmed here, a page at a time.</p>
          <Link className="button" data-look="primary" href={`/p/${slug}/annotate`}>
            Label the first ones
          </Link>
        </EmptyState>
      );
    }
    const { sure, validate_above } = project.data.project.policy;
    if (sure !== "validate") {
      return (
        <EmptyState title="Sure images are not validated in this project">
          <p>
            {sure === "hold"
              ? "What the model is sure of is held until it is not, or until a certificate covers it."
              : "What the model is sure of is asked about one by one, like everything else."}
          </p>
          <Link className="button" href={`/p/${slug}/settings#settings-routes`}>
            Change in Settings
          </Link>
        </EmptyState>
      );
    }
    if (task === "draw") return <Images slug={slug} classes={classes} above={validate_above} />;
    return <Sorting slug={slug} project={project.data.project} view={view.data} />;
  }
  return (
    <div className="message">
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
  const [columns, setColumns] = useState(1);
  const laidOut = useCallback((now: Layout) => {
    grid.current = now;
    setColumns(now.columns);
  }, []);
  const size = useSizes(pages, view, columns);
  const clock = useClock(page[0]?.id ?? null);
  useOpening(slug, pages, view, classes, project.policy.validate_above);
  useThumbsAhead(slug, state.tasks.slice(state.size, 2 * state.size));

  const there = (classId: number) =>
    countAbove(view.classes.find((one) => one.class_id === classId)?.histogram ?? [], state.above);
  const confirm = () => {
    setLarge(false);
    pages.confirm(clock.seconds(performance.now()));
  };
  useSortingKeys({ pages, classes, keys, clock, grid, large, setLarge, setHovered, setHelpOpen, confirm });
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
          >
            <PageSize {...size} suits={size.suits(state.classId)} />
          </Threshold>
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
            words={state.classId === null ? "" : ended(name(state.classId), state.above, state.elsewhere)}
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

function ended(name: string, above: number, elsewhere: number): string {
  if (elsewhere > 0) return `Others are looking at the last ${count(elsewhere)} ${name}`;
  return `No ${name} left at ${percent(above)} or above`;
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
