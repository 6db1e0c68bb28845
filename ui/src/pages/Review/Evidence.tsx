// What speaks against a label: who gave it, what the model says, the most similar labeled images; and the ways to decide.

import type { Wire } from "../../api/client";
import { keyOf, printed } from "../../model/actions";
import { percent } from "../../model/figures";
import { neighbourWords, type Said } from "../../model/review";
import { classOf } from "../../model/values";
import { Button } from "../../parts/Button";
import { Swatch } from "../../parts/ClassChip";
import { Kbd } from "../../parts/Kbd";
import { Thumb } from "../../parts/Thumb";

interface Props {
  slug: string;
  row: Wire["Suspect"];
  said: Said | null;
  classes: readonly Wire["Class"][];
  keys: ReadonlyMap<number, string>;
  name: (classId: number) => string;
  decide: (classId: number) => void;
}

export function Evidence({ slug, row, said, classes, keys, name, decide }: Props) {
  const given = classOf(row.label.value);
  const likely = classOf(row.prediction.value);
  const neighbours = neighbourWords(row, name);
  if (given === null || likely === null) return null;
  return (
    <aside className="review-side" aria-label="What speaks for and against this label">
      <div className="review-words" aria-live="polite">
        <p>
          Labeled <Named classId={given} name={name(given)} /> <span className="quiet">{givenBy(row.label)}</span>
        </p>
        <p>
          The model says <Named classId={likely} name={name(likely)} />{" "}
          <span className="number">({percent(row.prediction.confidence)})</span>
          {neighbours && <>, and {neighbours}</>}.
        </p>
        {said && (
          <p className="review-said" role="status">
            {said.classId === given ? "You kept it." : `You changed it to ${name(said.classId)}.`}
          </p>
        )}
      </div>
      <ul className="review-near" aria-label="Most similar labeled images, the nearest first">
        {row.neighbours.map((one) => (
          <li key={one.item_id}>
            <Thumb slug={slug} itemId={one.item_id} alt="" size={128} />
            <span className="review-near-name small" data-same={one.class_id === likely || undefined}>
              <Swatch classId={one.class_id} />
              <bdi>{name(one.class_id)}</bdi>
            </span>
          </li>
        ))}
      </ul>
      {/* Neither is the primary one: many of the labels listed are right. */}
      <div className="review-decide">
        <Decide keys="accept" onClick={() => decide(likely)}>
          Change to {name(likely)}
        </Decide>
        <Decide keys="keep" onClick={() => decide(given)}>
          Keep {name(given)}
        </Decide>
      </div>
      <h2 className="small">Or another class</h2>
      <ul className="review-classes" aria-label="Classes">
        {classes.map((entry) => {
          const key = keys.get(entry.id);
          return (
            <li key={entry.id}>
              <button
                type="button"
                className="class"
                aria-pressed={entry.id === (said?.classId ?? given)}
                aria-keyshortcuts={key}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => decide(entry.id)}
              >
                {key ? <Kbd>{printed(key)}</Kbd> : <span />}
                <Swatch classId={entry.id} />
                <bdi title={entry.name}>{entry.name}</bdi>
              </button>
            </li>
          );
        })}
      </ul>
    </aside>
  );
}

function Named({ classId, name }: { classId: number; name: string }) {
  return (
    <strong className="review-class">
      <Swatch classId={classId} /> <bdi>{name}</bdi>
    </strong>
  );
}

interface DecideProps {
  keys: "accept" | "keep";
  onClick: () => void;
  children: React.ReactNode;
}

function Decide({ keys, onClick, children }: DecideProps) {
  return (
    <Button onMouseDown={(event) => event.preventDefault()} onClick={onClick}>
      <bdi>{children}</bdi> <Kbd>{printed(keyOf("review", keys))}</Kbd>
    </Button>
  );
}

function givenBy(label: Wire["Label"]): string {
  const day = new Date(label.created).toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" });
  return label.annotator === null ? `by the source, imported ${day}` : `by ${label.annotator} on ${day}`;
}
