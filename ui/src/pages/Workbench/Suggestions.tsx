// What the model drew in advance: how much is left to decide, one at a time by A and X, or all on one side of a slider.
import type { Wire } from "../../api/client";
import type { Card } from "../../model/cards";
import type { Doc } from "../../model/document";
import { split, waiting } from "../../model/edits";
import { counted, percent } from "../../model/figures";
import { withoutSuggestion } from "../../model/reasons";
import type { Shape } from "../../model/shape";
import { Swatch } from "../../parts/ClassChip";
import { KeyButton } from "./KeyButton";

interface Props {
  card: Card;
  doc: Doc;
  selected: readonly Shape[];
  classes: readonly Wire["Class"][];
  score: number;
  onScore: (score: number) => void;
  notes: readonly string[];
  accept: () => void;
  reject: () => void;
  acceptAbove: () => void;
  rejectBelow: () => void;
  next: () => void;
}

export function Suggestions(props: Props) {
  const { card, doc, classes, score, notes } = props;
  const name = (classId: number) => classes[classId]?.name ?? `class ${classId}`;
  const offered = card.prediction?.value.type === "shapes" ? card.prediction.value.shapes : [];
  const left = waiting(doc);
  if (offered.length === 0 && left.length === 0) {
    const none = card.prediction?.value.type === "shapes" ? NOTHING_FOUND : withoutSuggestion(card, name);
    return (
      <section className="bench-part" aria-label="Suggestions">
        <h2>{none?.title ?? "No suggestions"}</h2>
        <p className="quiet small">{none?.why}</p>
        <Notes notes={notes} />
      </section>
    );
  }
  const { above, below } = split(left, score);
  const models = [...new Set([...offered, ...left].flatMap((shape) => shape.model ?? []))];
  return (
    <section className="bench-part bench-suggestions" data-left={left.length > 0 || undefined} aria-label="Suggestions">
      <h2>
        Suggestions <span className="quiet small">{models.map(modelName).join(", ")}</span>
      </h2>
      <p role="status">
        {left.length === 0
          ? `All ${offered.length} are decided`
          : `${above.length} of ${offered.length} left to decide`}
      </p>
      {left.length > 0 && (
        <>
          <label className="bench-slider">
            <span className="small">Show from a score of</span>
            <input
              type="range"
              min={0}
              max={100}
              step={1}
              value={Math.round(score * 100)}
              aria-valuetext={percent(score)}
              onChange={(event) => props.onScore(Number(event.target.value) / 100)}
            />
            <output className="number">{percent(score)}</output>
          </label>
          <div className="bench-pair">
            <KeyButton action="acceptAbove" disabled={above.length === 0} onClick={props.acceptAbove}>
              Accept {above.length}
            </KeyButton>
            <KeyButton action="rejectBelow" disabled={below.length === 0} onClick={props.rejectBelow}>
              Reject {below.length}
            </KeyButton>
          </div>
          <p className="quiet small">
            {below.length > 0
              ? `${counted(below.length, "suggestion")} below the slider: rejected when the image is saved.`
              : "None lies below the slider."}
          </p>
          <Chosen {...props} name={name} />
        </>
      )}
      <Notes notes={notes} />
    </section>
  );
}

const NOTHING_FOUND = {
  title: "No suggestions",
  why: "The model found nothing here. Whatever there is, is yours to draw.",
};

function Chosen({ doc, selected, classes, accept, reject, next, name }: Props & { name: (classId: number) => string }) {
  const [shape, second] = selected;
  if (!shape || second || !doc.snapshot.undecided.has(shape.id)) {
    return (
      <KeyButton action="nextSuggestion" onClick={next}>
        Go through them
      </KeyButton>
    );
  }
  return (
    <div className="bench-chosen">
      <p>
        <Swatch classId={shape.class_id} colour={classes[shape.class_id]?.colour} /> <bdi>{name(shape.class_id)}</bdi>{" "}
        <span className="quiet small">
          {shape.score !== null && <span className="number">{percent(shape.score)}</span>}
          {shape.model !== null && ` - ${modelName(shape.model)}`}
        </span>
      </p>
      <div className="bench-pair">
        <KeyButton action="accept" look="primary" onClick={accept}>
          Accept
        </KeyButton>
        <KeyButton action="reject" onClick={reject}>
          Reject
        </KeyButton>
      </div>
    </div>
  );
}

/** What became of predictions that could not be shown as the model said them. */
function Notes({ notes }: { notes: readonly string[] }) {
  if (notes.length === 0) return null;
  return (
    <details className="small">
      <summary className="plain-summary">{counted(notes.length, "note")} about what models said</summary>
      <ul className="bench-notes">
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </details>
  );
}

/** "model 7" for a round's, the name for any other. */
export function modelName(model: string): string {
  return /^\d+$/.test(model) ? `model ${model}` : model;
}
