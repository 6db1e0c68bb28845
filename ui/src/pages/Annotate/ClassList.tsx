// The classes with key, colour, name and the model's probability; search when there are many, and adding one in place.
import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import type { Wire } from "../../api/client";
import { printed } from "../../model/actions";
import { newNameProblem } from "../../model/classes";
import { percent } from "../../model/figures";
import { Button } from "../../parts/Button";
import { Swatch } from "../../parts/ClassChip";
import { Field } from "../../parts/Field";
import { Kbd } from "../../parts/Kbd";

type Class = Wire["Class"];

interface ListProps {
  classes: readonly Class[];
  keys: ReadonlyMap<number, string>;
  prediction: Wire["Prediction"] | null;
  /** Marked as the suggestion, none when blind, absent or rejected. */
  suggested: number | null;
  /** Chosen and waiting for Enter, or what was said of a decided item. */
  chosen: number | null;
  choose: (classId: number, at: number) => void;
}

export function ClassList({ classes, keys, prediction, suggested, chosen, choose }: ListProps) {
  return (
    <ul className="classes" aria-label="Classes">
      {classes.map((entry) => {
        const share = prediction?.probabilities?.[entry.id] ?? null;
        const key = keys.get(entry.id);
        return (
          <li key={entry.id}>
            <button
              type="button"
              className="class"
              data-suggested={entry.id === suggested || undefined}
              aria-pressed={entry.id === chosen}
              aria-keyshortcuts={key}
              onMouseDown={(event) => event.preventDefault()}
              onClick={(event) => choose(entry.id, event.timeStamp)}
            >
              {key ? <Kbd>{printed(key)}</Kbd> : <span className="no-key" />}
              <Swatch classId={entry.id} />
              <bdi className="class-name" title={entry.name}>
                {entry.name}
              </bdi>
              <span className="class-share number small quiet">{share === null ? "" : percent(share)}</span>
              <span className="class-bar" aria-hidden="true">
                <span style={{ width: `${(share ?? 0) * 100}%` }} />
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

interface SearchProps {
  classes: readonly Class[];
  choose: (classId: number, at: number) => void;
  close: () => void;
  autoFocus: boolean;
  children: (found: readonly Class[]) => ReactNode;
}

/** A search field over the class list; Enter takes the first match. */
export function ClassSearch({ classes, choose, close, autoFocus, children }: SearchProps) {
  const [text, setText] = useState("");
  const wanted = text.trim().toLocaleLowerCase();
  const found = wanted === "" ? classes : ranked(classes, wanted);
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Enter" && wanted !== "" && found[0]) {
      event.preventDefault();
      choose(found[0].id, event.timeStamp);
      setText("");
      event.currentTarget.blur();
      close();
    } else if (event.key === "Escape") {
      event.preventDefault();
      setText("");
      event.currentTarget.blur();
      close();
    }
  };
  return (
    <>
      <input
        className="input class-search"
        type="search"
        aria-label="Search classes"
        placeholder="Search classes  ( / )"
        value={text}
        // biome-ignore lint/a11y/noAutofocus: opened by the person's own key
        autoFocus={autoFocus}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {children(found)}
      {found.length === 0 && <p className="quiet small">No class holds “{text.trim()}”.</p>}
    </>
  );
}

/** Names that begin with the text come first. */
function ranked(classes: readonly Class[], wanted: string): readonly Class[] {
  const at = (entry: Class) => entry.name.toLocaleLowerCase().indexOf(wanted);
  return classes.filter((entry) => at(entry) >= 0).sort((a, b) => Number(at(a) > 0) - Number(at(b) > 0));
}

interface AddProps {
  taken: readonly string[];
  add: (name: string) => Promise<void>;
  close: () => void;
}

/** One line to name a new class; what was typed stays when it is refused. */
export function AddClass({ taken, add, close }: AddProps) {
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const busy = useRef(false);
  const submit = async () => {
    const wrong = newNameProblem(name, taken);
    setProblem(wrong);
    if (wrong || busy.current) return;
    busy.current = true;
    try {
      await add(name);
      close();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      busy.current = false;
    }
  };
  return (
    <form
      className="add-class"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Field label="New class" problem={problem}>
        {(control) => (
          <input
            {...control}
            // biome-ignore lint/a11y/noAutofocus: opened by the person's own key
            autoFocus
            value={name}
            onChange={(event) => setName(event.target.value)}
            onKeyDown={(event) => event.key === "Escape" && close()}
          />
        )}
      </Field>
      <div className="row">
        <Button type="submit" look="primary">
          Add
        </Button>
        <Button look="plain" onClick={close}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
