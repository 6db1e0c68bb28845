// The sheet of all keys of a page, made from the one table of actions.
import { useEffect, useRef } from "react";
import { actionsOf, type Page, printed } from "../model/actions";
import { Button } from "./Button";
import { Kbd } from "./Kbd";

interface Props {
  page: Page;
  classes: readonly { id: number; name: string }[];
  keys: ReadonlyMap<number, string>;
  close: () => void;
}

export function KeySheet({ page, classes, keys, close }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  // Keys that say the same (the arrows) share a line, and a page with many has headings.
  const parts = new Map<string, Map<string, string[]>>();
  for (const { part = "", label, keys: pressed } of actionsOf(page)) {
    const lines = parts.get(part) ?? new Map<string, string[]>();
    lines.set(label, [...(lines.get(label) ?? []), ...pressed]);
    parts.set(part, lines);
  }
  return (
    <dialog ref={dialog} className="key-sheet" aria-labelledby="key-sheet-title" onClose={close}>
      <header>
        <h2 id="key-sheet-title">Keys</h2>
        <Button look="plain" onClick={() => dialog.current?.close()}>
          Close
        </Button>
      </header>
      <div className="key-sheet-columns">
        {[...parts].map(([part, lines]) => (
          <section key={part}>
            {part && <h3>{part}</h3>}
            <dl>
              {[...lines].map(([label, pressed]) => (
                <div key={label}>
                  <dt>
                    {pressed.map((key) => (
                      <Kbd key={key}>{printed(key)}</Kbd>
                    ))}
                  </dt>
                  <dd>{label}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <dl>
          {classes
            .filter((entry) => keys.has(entry.id))
            .map((entry) => (
              <div key={entry.id}>
                <dt>
                  <Kbd>{printed(keys.get(entry.id) ?? "")}</Kbd>
                </dt>
                <dd>
                  <bdi>{entry.name}</bdi>
                </dd>
              </div>
            ))}
        </dl>
      </div>
    </dialog>
  );
}
