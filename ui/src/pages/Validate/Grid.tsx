// The page as a virtualised grid of square thumbnails: click, Shift-click and drag mark the wrong ones.
import { useVirtualizer } from "@tanstack/react-virtual";
import { type PointerEvent, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { thumbUrl, type Wire } from "../../api/client";
import { percent } from "../../model/figures";
import { between, type Layout, layout, type Point, touched } from "../../model/grid";
import type { Mark, Marks } from "../../model/marks";
import { classLook } from "../../model/palette";

const WANTED = 132;
/** A pointer that moved less than this has clicked. */
const SLACK = 6;

interface Props {
  slug: string;
  tasks: readonly Wire["Task"][];
  marks: Marks;
  focus: number;
  anchor: number;
  label: string;
  name: (classId: number) => string;
  toggle: (index: number) => void;
  /** Moves the focus and marks these on the way. */
  mark: (focus: number, indices: readonly number[]) => void;
  hover: (index: number | null) => void;
  /** The layout in use, for keys that move by rows. */
  laidOut: (layout: Layout) => void;
}

export function Grid(props: Props) {
  const { tasks, focus, anchor, mark, toggle, hover, laidOut } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  const id = useId();
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = sheet.current;
    if (!element) return;
    const watch = new ResizeObserver(() => setWidth(element.clientWidth));
    setWidth(element.clientWidth);
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const grid = layout(width || 1, WANTED, tasks.length);
  const { columns, step, count } = grid;
  useEffect(() => laidOut({ columns, step, count }), [laidOut, columns, step, count]);
  const rows = useVirtualizer({
    count: width > 0 ? Math.ceil(tasks.length / columns) : 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => step,
    overscan: 3,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new width gives every row a new height
  useLayoutEffect(() => rows.measure(), [step]);
  useEffect(() => {
    if (width > 0) rows.scrollToIndex(Math.floor(focus / columns), { align: "auto" });
  }, [focus, columns, width, rows]);

  const lasso = useLasso(sheet, grid, {
    click: (index, shift) => (shift ? mark(index, between(anchor, index)) : toggle(index)),
    drag: (indices) => mark(indices[indices.length - 1] ?? focus, indices),
  });
  const swept = new Set(lasso.swept);
  return (
    <div ref={scroller} className="grid-scroll">
      <div
        ref={sheet}
        role="listbox"
        tabIndex={0}
        className="grid-sheet"
        aria-label={props.label}
        aria-multiselectable="true"
        aria-activedescendant={tasks[focus] ? `${id}-${tasks[focus].item.id}` : undefined}
        style={{ height: rows.getTotalSize() }}
        {...lasso.handlers}
        onPointerLeave={() => hover(null)}
      >
        {rows.getVirtualItems().map((row) => (
          <div key={row.key} role="presentation" className="grid-row" style={{ top: row.start, height: step }}>
            {tasks.slice(row.index * columns, (row.index + 1) * columns).map((task, column) => {
              const index = row.index * columns + column;
              return (
                <Cell
                  key={task.item.id}
                  id={`${id}-${task.item.id}`}
                  slug={props.slug}
                  task={task}
                  mark={props.marks.get(task.item.id) ?? null}
                  focused={index === focus}
                  swept={swept.has(index)}
                  side={step}
                  name={props.name}
                  enter={() => hover(index)}
                />
              );
            })}
          </div>
        ))}
        {lasso.box && <div className="grid-lasso" style={lasso.box} />}
      </div>
    </div>
  );
}

interface CellProps {
  id: string;
  slug: string;
  task: Wire["Task"];
  mark: Mark | null;
  focused: boolean;
  swept: boolean;
  side: number;
  name: (classId: number) => string;
  enter: () => void;
}

function Cell({ id, slug, task, mark, focused, swept, side, name, enter }: CellProps) {
  const { item, prediction } = task;
  const sure = prediction ? percent(prediction.confidence) : "";
  const said = mark === null ? "right" : mark === "wrong" ? "wrong" : `relabeled as ${name(mark)}`;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the listbox has the focus and names the active option
    <div
      id={id}
      role="option"
      className="grid-cell"
      aria-selected={mark !== null}
      aria-label={`${item.name}, ${sure}, ${said}`}
      data-mark={mark === null ? undefined : mark === "wrong" ? "wrong" : "relabeled"}
      data-focused={focused || undefined}
      data-swept={swept || undefined}
      style={{ width: side, height: side }}
      onPointerEnter={enter}
    >
      <img src={thumbUrl(slug, item.id, 256, item.sha256)} alt="" draggable={false} decoding="async" />
      {mark === "wrong" && (
        <svg className="grid-cross" viewBox="0 0 20 20" aria-hidden="true">
          <path d="M5 5 15 15M15 5 5 15" />
        </svg>
      )}
      {typeof mark === "number" && (
        <span className="grid-chip" style={{ background: classLook(mark).colour, color: classLook(mark).ink }}>
          <bdi>{name(mark)}</bdi>
        </span>
      )}
    </div>
  );
}

interface LassoActions {
  click: (index: number, shift: boolean) => void;
  drag: (indices: readonly number[]) => void;
}

/** Tells a click from a drag, and draws the rectangle of a drag. */
function useLasso(sheet: React.RefObject<HTMLDivElement | null>, grid: Layout, act: LassoActions) {
  const [drag, setDrag] = useState<{ from: Point; to: Point } | null>(null);
  const start = useRef<Point | null>(null);
  const at = (event: PointerEvent): Point => {
    const box = sheet.current?.getBoundingClientRect();
    return { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) };
  };
  const swept = drag ? touched(drag.from, drag.to, grid) : [];
  const box = drag && {
    left: Math.min(drag.from.x, drag.to.x),
    top: Math.min(drag.from.y, drag.to.y),
    width: Math.abs(drag.from.x - drag.to.x),
    height: Math.abs(drag.from.y - drag.to.y),
  };
  const handlers = {
    onPointerDown: (event: PointerEvent<HTMLDivElement>) => {
      if (event.button === 0) start.current = at(event);
    },
    onPointerMove: (event: PointerEvent<HTMLDivElement>) => {
      const from = start.current;
      if (!from) return;
      const to = at(event);
      if (drag || Math.hypot(to.x - from.x, to.y - from.y) > SLACK) {
        if (!drag) event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ from, to });
      }
    },
    onPointerUp: (event: PointerEvent<HTMLDivElement>) => {
      const from = start.current;
      start.current = null;
      if (drag) {
        act.drag(swept);
        setDrag(null);
      } else if (from) {
        const [index] = touched(from, from, grid);
        if (index !== undefined) act.click(index, event.shiftKey);
      }
    },
    onPointerCancel: () => {
      start.current = null;
      setDrag(null);
    },
  };
  return { handlers, swept, box };
}
