// The panel beside the board: suggestions, classes, what is selected, everything drawn, tags of the image, guidelines, facts.
import type { Wire } from "../../api/client";
import { keyOf, printed } from "../../model/actions";
import type { Card, Decided } from "../../model/cards";
import type { Doc, DocState } from "../../model/document";
import { toggle, toggleTag } from "../../model/edits";
import { reasonText } from "../../model/reasons";
import type { Class } from "../../model/shape";
import { Button } from "../../parts/Button";
import { Swatch } from "../../parts/ClassChip";
import { Kbd } from "../../parts/Kbd";
import type { Acts } from "./acts";
import { Classes, type Open } from "./Classes";
import { Inspector } from "./Inspector";
import { Objects } from "./Objects";
import { Suggestions } from "./Suggestions";

interface Props {
  card: Card;
  looked: Decided | null;
  doc: Doc;
  state: DocState;
  project: Wire["ProjectView"];
  keys: ReadonlyMap<number, string>;
  classId: number | null;
  open: Open;
  setOpen: (open: Open) => void;
  only: ReadonlySet<number> | null;
  setOnly: (only: ReadonlySet<number> | null) => void;
  score: number;
  setScore: (score: number) => void;
  guidelinesOpen: boolean;
  notes: readonly string[];
  focus: (shapeId: string) => void;
  act: Acts;
}

export function Side(props: Props) {
  const { card, looked, doc, state, project, act } = props;
  const { task_schema: schema } = project.project;
  return (
    <aside className="panel bench-side" aria-label="Drawing">
      {looked ? (
        <section className="bench-part">
          <h2>Saved before</h2>
          <p className="quiet small">What you change counts when you save it again.</p>
          <Button look="primary" onMouseDown={(event) => event.preventDefault()} onClick={act.next}>
            Go on <Kbd>{printed(keyOf("draw", "next"))}</Kbd>
          </Button>
        </section>
      ) : (
        <Suggestions
          card={card}
          doc={doc}
          selected={doc.selected}
          classes={schema.classes}
          score={props.score}
          onScore={props.setScore}
          notes={props.notes}
          accept={act.accept}
          reject={act.reject}
          acceptAbove={act.acceptAbove}
          rejectBelow={act.rejectBelow}
          next={act.nextSuggestion}
        />
      )}
      <Classes
        classes={schema.classes}
        keys={props.keys}
        shapes={state.shapes}
        classId={props.classId}
        open={props.open}
        setOpen={props.setOpen}
        choose={act.choose}
        add={act.addClass}
      />
      <Inspector doc={doc} state={state} selected={doc.selected} classes={schema.classes} act={act} />
      <Objects
        doc={doc}
        state={state}
        classes={schema.classes}
        only={props.only}
        onOnly={props.setOnly}
        focus={props.focus}
        toggle={(what, shapes) => toggle(doc, what, shapes)}
        showAll={act.showAll}
      />
      <Tags classes={schema.classes} tags={state.tags} toggle={(entry) => toggleTag(doc, entry)} />
      <Guidelines text={schema.instructions} open={props.guidelinesOpen} toggle={act.guidelines} />
      <Facts card={card} project={project} />
    </aside>
  );
}

interface TagsProps {
  classes: readonly Class[];
  tags: readonly number[];
  toggle: (entry: Class) => void;
}

function Tags({ classes, tags, toggle }: TagsProps) {
  const active = classes.filter((entry) => !entry.archived || tags.includes(entry.id));
  if (active.length === 0) return null;
  return (
    <details className="bench-part">
      <summary className="plain-summary">
        Tags of the whole image{tags.length > 0 && <span className="number"> ({tags.length})</span>}
      </summary>
      <ul className="bench-tags">
        {active.map((entry) => (
          <li key={entry.id}>
            <label className="tick">
              <input type="checkbox" checked={tags.includes(entry.id)} onChange={() => toggle(entry)} />
              <span>
                <Swatch classId={entry.id} colour={entry.colour} /> <bdi>{entry.name}</bdi>
              </span>
            </label>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Guidelines({ text, open, toggle }: { text: string; open: boolean; toggle: () => void }) {
  return (
    <section className="guidelines">
      <h2>
        <button type="button" className="fold" aria-expanded={open} onClick={toggle}>
          Guidelines <Kbd>{printed(keyOf("draw", "guidelines"))}</Kbd>
        </button>
      </h2>
      {text.trim() === "" ? (
        <p className="quiet small">None written yet. Settings has a place for them.</p>
      ) : (
        <p className="guidelines-text" data-open={open || undefined}>
          {open ? text : text.replaceAll(/\n\s*\n/g, "\n")}
        </p>
      )}
    </section>
  );
}

function Facts({ card, project }: { card: Card; project: Wire["ProjectView"] }) {
  const { item, reason } = card;
  const { counts, project: own } = project;
  const name = (classId: number) => own.task_schema.classes[classId]?.name ?? `class ${classId}`;
  const facts: readonly (readonly [string, string | null])[] = [
    ["File", item.name],
    ["Size", `${item.width} × ${item.height}`],
    ["Why this", reason && reasonText(reason, name)],
    ["Labeled", `${counts.labeled.toLocaleString("en")} of ${counts.items.toLocaleString("en")}`],
  ];
  return (
    <dl className="facts small">
      {facts.map(
        ([title, what]) =>
          what && (
            <div key={title}>
              <dt>{title}</dt>
              <dd>
                <bdi>{what}</bdi>
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}
