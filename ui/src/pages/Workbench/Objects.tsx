// The list of everything drawn on the image: select, lock, hide, find; one class at a time when asked. Long lists are virtual.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { Doc, DocState } from "../../model/document";
import { counted, percent } from "../../model/figures";
import type { Class, Shape } from "../../model/shape";
import { Swatch } from "../../parts/ClassChip";
import { KeyButton } from "./KeyButton";
import { KIND_WORDS } from "./tools";

const ROW = 32;

interface Props {
  doc: Doc;
  state: DocState;
  classes: readonly Class[];
  /** Only these classes are on the board; null: all. */
  only: ReadonlySet<number> | null;
  onOnly: (only: ReadonlySet<number> | null) => void;
  focus: (shapeId: string) => void;
  toggle: (what: "locked" | "hidden", shapes: readonly Shape[]) => void;
  showAll: () => void;
}

export function Objects({ doc, state, classes, only, onOnly, focus, toggle, showAll }: Props) {
  const { shapes, selection, hidden } = state;
  // The topmost first, as they lie on the image.
  const rows = (only ? shapes.filter((shape) => only.has(shape.class_id)) : shapes).toReversed();
  const box = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 8,
  });
  // What is selected on the board is in sight in the list.
  const chosen = rows.findIndex((shape) => selection.has(shape.id));
  useEffect(() => {
    if (chosen >= 0) list.scrollToIndex(chosen, { align: "auto" });
  }, [chosen, list]);
  const used = [...new Set(shapes.map((shape) => shape.class_id))].sort((a, b) => a - b);
  const name = (classId: number) => classes[classId]?.name ?? `class ${classId}`;
  const select = (shape: Shape, more: boolean) => {
    if (!more) return doc.select([shape.id]);
    const next = new Set(selection);
    if (!next.delete(shape.id)) next.add(shape.id);
    doc.select(next);
  };
  return (
    <section className="bench-part" aria-labelledby="bench-objects">
      <header className="bench-head">
        <h2 id="bench-objects">{counted(shapes.length, "object")}</h2>
        {used.length > 1 && (
          <select
            className="input"
            aria-label="Show only one class"
            value={only ? [...only][0] : ""}
            onChange={(event) => onOnly(event.target.value === "" ? null : new Set([Number(event.target.value)]))}
          >
            <option value="">All classes</option>
            {used.map((classId) => (
              <option key={classId} value={classId}>
                {name(classId)}
              </option>
            ))}
          </select>
        )}
      </header>
      {rows.length === 0 && (
        <p className="quiet small">Nothing drawn yet. An image without objects is saved as it is.</p>
      )}
      <div ref={box} className="objects" tabIndex={rows.length > 8 ? 0 : undefined}>
        <ul style={{ height: list.getTotalSize() }} aria-labelledby="bench-objects">
          {list.getVirtualItems().map((place) => {
            const shape = rows[place.index];
            if (!shape) return null;
            return (
              <li key={shape.id} style={{ transform: `translateY(${place.start}px)` }}>
                <Row
                  shape={shape}
                  entry={classes[shape.class_id]}
                  state={state}
                  select={(more) => select(shape, more)}
                  focus={() => focus(shape.id)}
                  toggle={(what) => toggle(what, [shape])}
                />
              </li>
            );
          })}
        </ul>
      </div>
      {hidden.size > 0 && (
        <KeyButton action="showAll" look="plain" onClick={showAll}>
          Show {counted(hidden.size, "hidden object")}
        </KeyButton>
      )}
    </section>
  );
}

interface RowProps {
  shape: Shape;
  entry: Class | undefined;
  state: DocState;
  select: (more: boolean) => void;
  focus: () => void;
  toggle: (what: "locked" | "hidden") => void;
}

function Row({ shape, entry, state, select, focus, toggle }: RowProps) {
  const name = entry?.name ?? `class ${shape.class_id}`;
  const waits = state.undecided.has(shape.id);
  const locked = state.locked.has(shape.id);
  const hidden = state.hidden.has(shape.id);
  return (
    <div className="object" data-waits={waits || undefined} data-hidden={hidden || undefined}>
      <button
        type="button"
        className="object-main"
        aria-pressed={state.selection.has(shape.id)}
        onMouseDown={(event) => event.preventDefault()}
        onClick={(event) => select(event.shiftKey || event.ctrlKey || event.metaKey)}
        onDoubleClick={focus}
      >
        <Swatch classId={shape.class_id} colour={entry?.colour} />
        <bdi className="object-name">{name}</bdi>
        <span className="quiet small">
          {KIND_WORDS[shape.geometry.kind]}
          {shape.group !== null && ` · group ${shape.group}`}
        </span>
        {waits && shape.score !== null && <span className="number small object-score">{percent(shape.score)}</span>}
      </button>
      <Mark
        on={locked}
        label={`${locked ? "Unlock" : "Lock"} ${name}`}
        icon={locked ? LOCKED : OPEN}
        press={() => toggle("locked")}
      />
      <Mark
        on={hidden}
        label={`${hidden ? "Show" : "Hide"} ${name}`}
        icon={hidden ? HIDDEN : SEEN}
        press={() => toggle("hidden")}
      />
    </div>
  );
}

const LOCKED = "M4 8h10v7H4zM6 8V6a3 3 0 0 1 6 0v2";
const OPEN = "M4 8h10v7H4zM6 8V5a3 3 0 0 1 5.5-1.5";
const SEEN = "M2 9q7-8 14 0q-7 8-14 0M9 6.500a2.5 2.5 0 1 0 .01 0";
const HIDDEN = "M2 9q7-8 14 0q-7 8-14 0M3 15 15 3";

function Mark({ on, label, icon, press }: { on: boolean; label: string; icon: string; press: () => void }) {
  return (
    <button
      type="button"
      className="object-mark"
      aria-label={label}
      title={label}
      aria-pressed={on}
      onMouseDown={(event) => event.preventDefault()}
      onClick={press}
    >
      <svg className="tool-icon" viewBox="0 0 18 18" width="18" height="18" aria-hidden="true">
        <path d={icon} />
      </svg>
    </button>
  );
}
