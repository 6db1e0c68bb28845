// What is selected: its class, where it came from, its attributes, the keypoints of a skeleton, and what can be done with it.
import type { Doc, DocState } from "../../model/document";
import { setAttribute } from "../../model/edits";
import { counted, percent } from "../../model/figures";
import type { Class, GeometryOf, Shape } from "../../model/shape";
import { Swatch } from "../../parts/ClassChip";
import { boundsOfShape } from "../../shapes/kinds";
import { turnedNode } from "../../shapes/skeleton";
import { AttributeField } from "./AttributeField";
import { KeyButton } from "./KeyButton";
import { modelName } from "./Suggestions";
import { KIND_WORDS } from "./tools";

interface Props {
  doc: Doc;
  state: DocState;
  selected: readonly Shape[];
  classes: readonly Class[];
  act: Record<
    "remove" | "group" | "ungroup" | "forward" | "backward" | "copy" | "onward" | "lock" | "hide",
    () => void
  >;
}

export function Inspector({ doc, state, selected, classes, act }: Props) {
  const [first] = selected;
  if (!first) return null;
  const entry = classes[first.class_id];
  const alike = selected.every((shape) => shape.class_id === first.class_id);
  const grouped = selected.some((shape) => shape.group !== null);
  return (
    <section className="bench-part" aria-labelledby="bench-selected">
      <h2 id="bench-selected">
        {selected.length > 1 ? (
          `${selected.length} selected`
        ) : (
          <>
            <Swatch classId={first.class_id} colour={entry?.colour} /> <bdi>{entry?.name}</bdi>
          </>
        )}
      </h2>
      {selected.length === 1 && <Facts shape={first} waits={state.undecided.has(first.id)} />}
      {alike &&
        entry?.attributes.map((attribute) => (
          <AttributeField
            key={attribute.name}
            attribute={attribute}
            answers={selected.map((shape) => shape.attributes[attribute.name] ?? null)}
            give={(answer) => setAttribute(doc, doc.selected, attribute.name, answer)}
          />
        ))}
      {!alike && <p className="quiet small">Select shapes of one class to give them attributes.</p>}
      {selected.length === 1 && first.geometry.kind === "skeleton" && (
        <Keypoints shape={first} geometry={first.geometry} entry={entry} doc={doc} />
      )}
      <details>
        <summary className="plain-summary">More to do with {selected.length === 1 ? "it" : "them"}</summary>
        <div className="bench-grid">
          <KeyButton action="copy" onClick={act.copy}>
            Copy
          </KeyButton>
          <KeyButton action="lock" onClick={act.lock}>
            Lock
          </KeyButton>
          <KeyButton action="forward" onClick={act.forward}>
            To the top
          </KeyButton>
          <KeyButton action="backward" onClick={act.backward}>
            To the back
          </KeyButton>
          <KeyButton action="group" disabled={selected.length < 2} onClick={act.group}>
            Group
          </KeyButton>
          <KeyButton action="ungroup" disabled={!grouped} onClick={act.ungroup}>
            Ungroup
          </KeyButton>
          <KeyButton action="hide" onClick={act.hide}>
            Hide
          </KeyButton>
          <KeyButton action="remove" onClick={act.remove}>
            Remove
          </KeyButton>
          <KeyButton action="onward" className="bench-wide" onClick={act.onward}>
            To the next image too
          </KeyButton>
        </div>
      </details>
    </section>
  );
}

function Facts({ shape, waits }: { shape: Shape; waits: boolean }) {
  const [left, top, right, bottom] = boundsOfShape(shape.geometry);
  const parts = shape.geometry.kind === "polygon" ? shape.geometry.rings.flat().length : null;
  const origin =
    shape.model === null
      ? "drawn by hand"
      : `${modelName(shape.model)}${shape.score === null ? "" : `, ${percent(shape.score)}`}, ${
          waits ? "not decided" : shape.iou === 1 ? "accepted" : "corrected"
        }`;
  return (
    <p className="quiet small">
      <span className="bench-kind">{KIND_WORDS[shape.geometry.kind]}</span>, {origin}
      <br />
      <span className="number">
        {Math.round(right - left)} × {Math.round(bottom - top)} at {Math.round(left)}, {Math.round(top)}
      </span>
      {parts !== null && `, ${counted(parts, "point")}`}
    </p>
  );
}

const SEEN = ["not marked", "hidden", "visible"] as const;

interface KeypointsProps {
  shape: Shape;
  geometry: GeometryOf<"skeleton">;
  entry: Class | undefined;
  doc: Doc;
}

function Keypoints({ shape, geometry, entry, doc }: KeypointsProps) {
  const names = entry?.skeleton?.nodes ?? [];
  return (
    <ul className="keypoints" aria-label="Keypoints">
      {geometry.nodes.map(([, , seen], place) => {
        const name = names[place] ?? `point ${place + 1}`;
        return (
          <li key={name}>
            <bdi>{name}</bdi>
            <button
              type="button"
              className="keypoint"
              data-seen={seen}
              aria-label={`${name}: ${SEEN[seen]}. Change`}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() =>
                doc.apply({ put: [{ ...shape, geometry: turnedNode(geometry, place) }] }, `keypoint ${name}`)
              }
            >
              {SEEN[seen]}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
