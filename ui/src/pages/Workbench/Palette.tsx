// The palette: every action of the page by its name, and every class; typing finds, Enter does it.
import { useEffect, useRef, useState } from "react";
import { type ActionOf, actionsOf, printed } from "../../model/actions";
import type { Class } from "../../model/shape";
import { Kbd } from "../../parts/Kbd";

interface Props {
  classes: readonly Class[];
  keys: ReadonlyMap<number, string>;
  run: (action: ActionOf<"draw">) => void;
  choose: (classId: number) => void;
  close: () => void;
}

interface Entry {
  name: string;
  keys: readonly string[];
  run: () => void;
}

export function Palette({ classes, keys, run, choose, close }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  useEffect(() => dialog.current?.showModal(), []);
  const all: Entry[] = [
    ...actionsOf("draw")
      .filter((action) => action.id !== "palette")
      .map((action) => ({ name: action.label, keys: action.keys, run: () => run(action.id as ActionOf<"draw">) })),
    ...classes
      .filter((entry) => !entry.archived)
      .map((entry) => ({
        name: `Class ${entry.name}`,
        keys: [keys.get(entry.id) ?? ""].filter(Boolean),
        run: () => choose(entry.id),
      })),
  ];
  const words = text.trim().toLocaleLowerCase().split(/\s+/);
  const found = all.filter(({ name }) => words.every((word) => name.toLocaleLowerCase().includes(word)));
  const place = Math.min(at, found.length - 1);
  const take = (entry: Entry | undefined) => {
    if (!entry) return;
    dialog.current?.close();
    entry.run();
  };
  return (
    <dialog ref={dialog} className="palette" aria-label="Find an action" onClose={close}>
      <input
        className="input"
        type="search"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found.length > 0 ? `palette-${place}` : undefined}
        aria-label="Find an action"
        placeholder="What do you want to do?"
        value={text}
        autoFocus
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (step !== undefined) {
            event.preventDefault();
            setAt((place + step + found.length) % Math.max(1, found.length));
          } else if (event.key === "Enter") {
            event.preventDefault();
            take(found[place]);
          }
        }}
      />
      <div id="palette-list" className="palette-list" role="listbox" aria-label="Actions" tabIndex={-1}>
        {found.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
          <div
            key={entry.name + entry.keys.join()}
            id={`palette-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === place}
            ref={(row) => {
              if (index === place) row?.scrollIntoView({ block: "nearest" });
            }}
            onClick={() => take(entry)}
          >
            <bdi>{entry.name}</bdi>
            <span>
              {entry.keys.map((key) => (
                <Kbd key={key}>{printed(key)}</Kbd>
              ))}
            </span>
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="quiet">No action is named like this.</p>}
    </dialog>
  );
}
