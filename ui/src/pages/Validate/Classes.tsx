// The classes with how many items lie above the slider, and how far each of them is done.
import type { Wire } from "../../api/client";
import { count } from "../../model/figures";
import { countAbove } from "../../model/validation";
import { Swatch } from "../../parts/ClassChip";

interface Props {
  view: Wire["ValidateView"];
  classes: readonly Wire["Class"][];
  above: number;
  chosen: number | null;
  choose: (classId: number) => void;
}

export function Classes({ view, classes, above, chosen, choose }: Props) {
  return (
    <nav className="validate-classes" aria-label="Suggested class">
      <ul>
        {classes.map((entry) => {
          const facts = view.classes.find((one) => one.class_id === entry.id);
          const there = countAbove(facts?.histogram ?? [], above);
          const confirmed = facts?.confirmed ?? 0;
          const share = confirmed + there === 0 ? 0 : confirmed / (confirmed + there);
          return (
            <li key={entry.id}>
              <button
                type="button"
                aria-current={entry.id === chosen || undefined}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => choose(entry.id)}
                title={`${count(there)} to validate, ${count(confirmed)} confirmed`}
              >
                <Swatch classId={entry.id} />
                <bdi className="class-name">{entry.name}</bdi>
                <span className="number">{count(there)}</span>
                <span className="validate-done">
                  <span style={{ width: `${share * 100}%` }} />
                </span>
                <span className="sr-only">to validate, {count(confirmed)} confirmed</span>
              </button>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
