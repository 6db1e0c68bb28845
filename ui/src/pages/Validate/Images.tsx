// Validate where shapes are drawn: whole images with what the model drew on them, or every shape as a crop, class by class. What
// is wrong is marked, Enter confirms the rest; an image with wrong shapes goes back to be put right, without them.
import { useEffect, useMemo, useState } from "react";
import { Link } from "wouter";
import { useStore } from "zustand";
import type { Wire } from "../../api/client";
import type { ActionOf } from "../../model/actions";
import { count, counted, percent } from "../../model/figures";
import { pageOf } from "../../model/pages";
import { shapesOf } from "../../model/values";
import { Button } from "../../parts/Button";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorNote } from "../../parts/ErrorNote";
import { Kbd } from "../../parts/Kbd";
import { KeySheet } from "../../parts/KeySheet";
import { useClock } from "../../parts/useClock";
import { useKeys } from "../../parts/useKeys";
import { Crops } from "./Crops";
import { DrawnImage } from "./DrawnImage";
import { imagePagesFor } from "./pagesOf";
import "./images.css";

const SIZE = 12;
const NO_KEYS: ReadonlyMap<number, string> = new Map();

interface Props {
  slug: string;
  classes: readonly Wire["Class"][];
  above: number;
}

export function Images({ slug, classes, above }: Props) {
  const pages = useMemo(() => imagePagesFor(slug), [slug]);
  const state = useStore(pages.store);
  const [view, setView] = useState<"images" | "crops">("images");
  const [helpOpen, setHelpOpen] = useState(false);
  const page = pageOf(state);
  const clock = useClock(page[0]?.id ?? null);
  useEffect(() => {
    pages.sizes(() => SIZE);
    if (pages.store.getState().classId === null) pages.show(0, above);
  }, [pages, above]);
  const confirm = () => pages.confirm(clock.seconds(performance.now()));
  const step = (by: number) => () => {
    const to = Math.min(Math.max(0, state.focus + by), page.length - 1);
    pages.focusOn(to);
    document.querySelectorAll<HTMLElement>(".drawn-image")[to]?.focus();
  };
  const nothing = () => {};
  const byKey: Record<ActionOf<"validate">, () => void> = {
    confirm,
    mark: () => pages.toggle(state.focus),
    large: () => setView(view === "images" ? "crops" : "images"),
    undo: () => pages.takeBack(),
    left: step(-1),
    right: step(1),
    up: step(-1),
    down: step(1),
    first: step(-page.length),
    last: step(page.length),
    nextClass: nothing,
    previousClass: nothing,
    clear: () => pages.clear(),
    help: () => setHelpOpen(true),
  };
  useKeys("validate", NO_KEYS, (press) => {
    clock.stir(performance.now());
    if (press.kind === "action") byKey[press.action]();
  });
  const shapes = page.reduce((sum, task) => sum + shapesOf(task).length, 0);
  return (
    <div className="images" onPointerMove={() => clock.stir(performance.now())}>
      <h1 className="sr-only">Validate</h1>
      <header className="images-head">
        <Least above={state.above} total={state.total} change={(to) => pages.show(0, to)} />
        <fieldset className="images-view" aria-label="Look at">
          {(["images", "crops"] as const).map((one) => (
            <Button
              key={one}
              aria-pressed={view === one}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => setView(one)}
            >
              {one === "images" ? "Whole images" : "Shapes, class by class"}
            </Button>
          ))}
        </fieldset>
      </header>
      {state.notice && (
        <p className="validate-notice" role="status">
          {state.notice}
        </p>
      )}
      {state.error && <ErrorNote error={state.error} retry={() => void pages.load()} />}
      {page.length === 0 ? (
        <None slug={slug} loading={state.loading} above={state.above} elsewhere={state.elsewhere} />
      ) : view === "images" ? (
        <ul className="images-grid" aria-label="Images, most doubtful first">
          {page.map((task, index) => (
            <li key={task.id}>
              <DrawnImage
                slug={slug}
                task={task}
                shapes={shapesOf(task)}
                classes={classes}
                wrong={state.marks.has(task.item.id)}
                wrongShapes={state.shapes.get(task.item.id)}
                toggle={() => pages.toggle(index)}
                focus={() => pages.focusOn(index)}
              />
            </li>
          ))}
        </ul>
      ) : (
        <Crops
          slug={slug}
          page={page}
          classes={classes}
          wrong={state.shapes}
          toggle={(itemId, shapeId) => pages.toggleShape(itemId, shapeId)}
        />
      )}
      <footer className="validate-bar">
        <p className="number" aria-live="polite">
          {page.length > 0 && <Tally state={state} shapes={shapes} size={page.length} />}
        </p>
        <Button onMouseDown={(event) => event.preventDefault()} onClick={() => setHelpOpen(true)}>
          Keys <Kbd>?</Kbd>
        </Button>
        <Button
          disabled={state.done.length === 0}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => pages.takeBack()}
        >
          Undo page <Kbd>⌫</Kbd>
        </Button>
        <Button
          look="primary"
          disabled={page.length === 0}
          onMouseDown={(event) => event.preventDefault()}
          onClick={confirm}
        >
          Confirm page <Kbd>Enter</Kbd>
        </Button>
      </footer>
      {helpOpen && <KeySheet page="validate" classes={[]} keys={NO_KEYS} close={() => setHelpOpen(false)} />}
    </div>
  );
}

interface TallyProps {
  state: ReturnType<ReturnType<typeof imagePagesFor>["store"]["getState"]>;
  shapes: number;
  size: number;
}

function Tally({ state, shapes, size }: TallyProps) {
  const back = new Set([...state.marks.keys(), ...state.shapes.keys()]).size;
  return (
    <>
      {counted(size - back, "image")} right of {count(size)}, with {counted(shapes, "shape")}
      {back > 0 && <span className="validate-wrong">, {count(back)} back to Annotate</span>}
      {state.total !== null && state.total > size && (
        <span className="quiet">, {count(state.total - size)} after this page</span>
      )}
    </>
  );
}

/** How sure the model must be of every shape of an image. The page is fetched when the slider rests. */
function Least({ above, total, change }: { above: number; total: number | null; change: (above: number) => void }) {
  const [shown, setShown] = useState(above);
  useEffect(() => setShown(above), [above]);
  useEffect(() => {
    if (shown === above) return;
    const timer = setTimeout(() => change(shown), 250);
    return () => clearTimeout(timer);
  }, [shown, above, change]);
  return (
    <label className="images-least">
      <span>
        Every shape at <strong className="number">{percent(shown)}</strong> or above
        {total !== null && <span className="quiet">: {counted(total, "image")}</span>}
      </span>
      <input
        type="range"
        min={0.3}
        max={0.98}
        step={0.02}
        value={shown}
        onChange={(event) => setShown(Number(event.target.value))}
      />
    </label>
  );
}

interface NoneProps {
  slug: string;
  loading: boolean;
  above: number;
  elsewhere: number;
}

function None({ slug, loading, above, elsewhere }: NoneProps) {
  if (loading) return <p className="validate-wait quiet">Fetching the page</p>;
  if (elsewhere > 0) {
    return (
      <EmptyState title={`Others are looking at the last ${count(elsewhere)}`}>
        <p>What they leave appears here.</p>
      </EmptyState>
    );
  }
  return (
    <EmptyState title={`No image has every shape at ${percent(above)} or above`}>
      <p>A lower score on the slider brings more, and so do more drawn images.</p>
      <Link className="button" href={`/p/${slug}/annotate`}>
        Go on drawing
      </Link>
    </EmptyState>
  );
}
