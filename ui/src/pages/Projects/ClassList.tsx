// Classes typed as a list, with what is wrong shown beneath the name it belongs to.
import { parseClasses, withoutDuplicates } from "../../model/classes";
import { counted } from "../../model/figures";
import { Button } from "../../parts/Button";
import { Swatch } from "../../parts/ClassChip";
import { Field } from "../../parts/Field";

interface Props {
  text: string;
  onChange: (text: string) => void;
  /** What the server said about the classes. */
  problem: string | null;
}

export function ClassList({ text, onChange, problem }: Props) {
  const entries = parseClasses(text);
  const wrong = entries.filter((entry) => entry.problem !== null);
  const own = wrong.length > 0 ? `${counted(wrong.length, "name")} to correct, marked below.` : null;
  return (
    <div className="stack">
      <Field
        label="Classes"
        hint="Separated by commas or lines, in the order of their keys 1, 2, 3. Or leave this for later."
        problem={problem ?? own}
      >
        {(control) => (
          <textarea
            {...control}
            rows={3}
            value={text}
            placeholder="basset, chow, miniature poodle"
            spellCheck={false}
            onChange={(event) => onChange(event.target.value)}
          />
        )}
      </Field>
      {entries.length > 0 && (
        <ul className="typed-classes" aria-label={`${counted(entries.length, "name")} typed`}>
          {entries.map((entry, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: names may repeat here, which is the point; the place is the identity.
            <li key={place} data-wrong={entry.problem ? true : undefined}>
              <span className="chip">
                <Swatch classId={place} />
                <bdi className="name">{entry.name}</bdi>
              </span>
              {entry.problem && <span className="problem small">{entry.problem}</span>}
            </li>
          ))}
        </ul>
      )}
      {wrong.some((entry) => entry.problem?.includes("name")) &&
        withoutDuplicates(text).split("\n").length < entries.length && (
          <p>
            <Button onClick={() => onChange(withoutDuplicates(text))}>Remove the repeated names</Button>
          </p>
        )}
    </div>
  );
}
