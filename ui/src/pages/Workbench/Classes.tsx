// The classes with key and colour: a click or the key says what is drawn next, or what the selected shapes are.
import type { ReactNode } from "react";
import { printed } from "../../model/actions";
import type { Class, Shape } from "../../model/shape";
import { Button } from "../../parts/Button";
import { Swatch } from "../../parts/ClassChip";
import { Kbd } from "../../parts/Kbd";
import { AddClass, ClassSearch } from "../Annotate/ClassList";

const MANY = 10;

export type Open = "search" | "add" | null;

interface Props {
  classes: readonly Class[];
  keys: ReadonlyMap<number, string>;
  shapes: readonly Shape[];
  /** What is drawn next. */
  classId: number | null;
  open: Open;
  setOpen: (open: Open) => void;
  choose: (classId: number) => void;
  add: (name: string) => Promise<void>;
}

export function Classes({ classes, keys, shapes, classId, open, setOpen, choose, add }: Props) {
  const active = classes.filter((entry) => !entry.archived);
  const counts = new Map<number, number>();
  for (const shape of shapes) counts.set(shape.class_id, (counts.get(shape.class_id) ?? 0) + 1);
  const list = (shown: readonly Class[]): ReactNode => (
    <ul className="classes" aria-label="Classes">
      {shown.map((entry) => {
        const key = keys.get(entry.id);
        return (
          <li key={entry.id}>
            <button
              type="button"
              className="class"
              aria-pressed={entry.id === classId}
              aria-keyshortcuts={key}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => choose(entry.id)}
            >
              {key ? <Kbd>{printed(key)}</Kbd> : <span className="no-key" />}
              <Swatch classId={entry.id} colour={entry.colour} />
              <bdi className="class-name" title={entry.name}>
                {entry.name}
              </bdi>
              <span className="number small quiet">{counts.get(entry.id) ?? ""}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
  return (
    <section className="bench-part panel-classes">
      {open === "search" || active.length > MANY ? (
        <ClassSearch
          key={open === "search" ? "opened" : "always"}
          classes={active}
          choose={choose}
          close={() => setOpen(null)}
          autoFocus={open === "search"}
        >
          {list}
        </ClassSearch>
      ) : (
        list(active)
      )}
      {active.length === 0 && open !== "add" && <p className="quiet">No classes yet. Add the first one to begin.</p>}
      {open === "add" ? (
        <AddClass taken={classes.map((one) => one.name)} add={add} close={() => setOpen(null)} />
      ) : (
        <Button look="plain" className="add-button" onClick={() => setOpen("add")}>
          Add a class
        </Button>
      )}
    </section>
  );
}
