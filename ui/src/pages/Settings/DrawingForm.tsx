// How the shapes of a class are drawn: its colour, the kinds allowed, what is asked of each shape, its keypoints.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap, type Wire } from "../../api/client";
import { projectQuery } from "../../api/queries";
import { classLook } from "../../model/palette";
import { attributeProblems, type BonesText, bonesText, parsedBones } from "../../model/schemaEdit";
import type { Kind } from "../../model/shape";
import { Button } from "../../parts/Button";
import { Field } from "../../parts/Field";
import { AttributeRow, BLANK } from "./AttributeRow";
import { refusal } from "./NameForm";
import type { Saving } from "./useSaving";

type Class = Wire["Class"];

interface Props {
  entry: Class;
  project: Wire["Project"];
  saving: Saving;
}

const KINDS: readonly (readonly [Kind, string])[] = [
  ["box", "Boxes"],
  ["rotated", "Rotated boxes"],
  ["ellipse", "Ellipses"],
  ["polygon", "Polygons"],
  ["polyline", "Lines"],
  ["points", "Points"],
  ["mask", "Masks"],
  ["skeleton", "Skeletons"],
];

/** Saves a part of one class by sending the schema whole, as it is by then. */
function useKeepClass({ entry, project, saving }: Props) {
  const cache = useQueryClient();
  const put = (part: Partial<Class>) => () => {
    const now = cache.getQueryData(projectQuery(project.slug).queryKey)?.project.task_schema ?? project.task_schema;
    const classes = now.classes.map((one) => (one.id === entry.id ? { ...one, ...part } : one));
    const params = { path: { slug: project.slug } };
    return unwrap(api.PUT("/api/projects/{slug}/schema", { params, body: { ...now, classes } }));
  };
  return (field: string, part: Partial<Class>, before: Partial<Class>) =>
    void saving.save({
      field: `${field} ${entry.id}`,
      said: `${field} of ${entry.name}`,
      send: put(part),
      back: put(before),
    });
}

export function DrawingForm(props: Props) {
  const { entry, saving } = props;
  const keep = useKeepClass(props);
  const problem = (field: string) => refusal(saving, `${field} ${entry.id}`);
  return (
    <div className="settings-sub">
      <Field label="Colour" problem={problem("colour")}>
        {(control) => (
          <div className="row">
            <input
              {...control}
              type="color"
              className="colour-input"
              value={entry.colour ?? classLook(entry.id).colour}
              onChange={(event) => keep("colour", { colour: event.target.value }, { colour: entry.colour })}
            />
            {entry.colour !== null && (
              <Button look="plain" onClick={() => keep("colour", { colour: null }, { colour: entry.colour })}>
                Use the one of the list
              </Button>
            )}
          </div>
        )}
      </Field>
      <Kinds entry={entry} keep={keep} problem={problem("shapes")} />
      <Attributes
        key={JSON.stringify(entry.attributes.map((one) => one.name))}
        entry={entry}
        keep={keep}
        problem={problem("attributes")}
      />
      <SkeletonForm entry={entry} keep={keep} problem={problem("skeleton")} />
    </div>
  );
}

interface PartProps {
  entry: Class;
  keep: ReturnType<typeof useKeepClass>;
  /** What the server said. */
  problem: string | null;
}

function Kinds({ entry, keep, problem }: PartProps) {
  const { shapes } = entry;
  const toggle = (kind: Kind) => {
    const next = shapes.includes(kind) ? shapes.filter((one) => one !== kind) : [...shapes, kind];
    keep("shapes", { shapes: next }, { shapes });
  };
  return (
    <fieldset className="choices">
      <legend>Shapes</legend>
      <p className="quiet small">None ticked: any shape may be drawn.</p>
      <div className="kind-ticks">
        {KINDS.map(([kind, name]) => {
          const off = kind === "skeleton" && entry.skeleton === null;
          return (
            <label key={kind} className="tick" data-off={off || undefined}>
              <input type="checkbox" disabled={off} checked={shapes.includes(kind)} onChange={() => toggle(kind)} />
              <span>
                {name}
                {off && <span className="quiet small tick-hint">needs keypoints, below</span>}
              </span>
            </label>
          );
        })}
      </div>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </fieldset>
  );
}

/** Edited here as a whole, sent when all of it is right. */
function Attributes({ entry, keep, problem }: PartProps) {
  const [rows, setRows] = useState<Class["attributes"]>(entry.attributes);
  const [tried, setTried] = useState(false);
  const problems = attributeProblems(rows);
  const change = (next: Class["attributes"], send: boolean) => {
    setRows(next);
    setTried(send);
    const right = attributeProblems(next).every((one) => one === null);
    if (send && right && JSON.stringify(next) !== JSON.stringify(entry.attributes)) {
      keep("attributes", { attributes: next }, { attributes: entry.attributes });
    }
  };
  return (
    <fieldset className="choices">
      <legend>Attributes</legend>
      <p className="quiet small">Asked of every shape of this class.</p>
      {rows.map((row, place) => (
        <AttributeRow
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place, its name is being typed
          key={place}
          attribute={row}
          number={place + 1}
          problem={tried ? (problems[place] ?? null) : null}
          change={(next, send) => change(rows.with(place, next), send)}
          remove={() => change(rows.toSpliced(place, 1), true)}
        />
      ))}
      <div>
        <Button onClick={() => change([...rows, BLANK], false)}>Add an attribute</Button>
      </div>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </fieldset>
  );
}

/** Both texts are one thing: they are saved together, when they fit each other and one of them is left. */
function SkeletonForm({ entry, keep, problem }: PartProps) {
  const [text, setText] = useState<BonesText>(() => bonesText(entry.skeleton));
  const parsed = parsedBones(text);
  const leave = () => {
    if (parsed.problem !== null || JSON.stringify(parsed.bones) === JSON.stringify(entry.skeleton)) return;
    keep("skeleton", { skeleton: parsed.bones }, { skeleton: entry.skeleton });
  };
  return (
    <fieldset className="choices">
      <legend>Skeleton</legend>
      <div className="bones">
        <Field label="Keypoints" hint="One a line, in the order in which they are clicked.">
          {(control) => (
            <textarea
              {...control}
              rows={5}
              spellCheck={false}
              value={text.nodes}
              placeholder={"head\nneck\nleft hand"}
              onChange={(event) => setText({ ...text, nodes: event.target.value })}
              onBlur={leave}
            />
          )}
        </Field>
        <Field label="Edges" hint="Two keypoints a line." problem={parsed.problem ?? problem}>
          {(control) => (
            <textarea
              {...control}
              rows={5}
              spellCheck={false}
              value={text.edges}
              placeholder={"head - neck\nneck - left hand"}
              onChange={(event) => setText({ ...text, edges: event.target.value })}
              onBlur={leave}
            />
          )}
        </Field>
      </div>
    </fieldset>
  );
}
