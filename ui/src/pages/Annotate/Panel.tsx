// The panel beside the image: suggestion, classes, actions, guidelines, and what is known of the item.

import type { Wire } from "../../api/client";
import { keyOf, printed } from "../../model/actions";
import type { Card, Decided } from "../../model/cards";
import { percent, withRange } from "../../model/figures";
import { reasonText, withoutSuggestion } from "../../model/reasons";
import type { Draft } from "../../model/session";
import { classOf } from "../../model/values";
import { Button } from "../../parts/Button";
import { Swatch } from "../../parts/ClassChip";
import { Kbd } from "../../parts/Kbd";
import { AddClass, ClassList, ClassSearch } from "./ClassList";

/** From so many classes on the search field is always there. */
const MANY = 10;

export type Open = "search" | "add" | null;

export interface PanelActions {
  answer: (classId: number, at: number) => void;
  accept: (at: number) => void;
  reject: () => void;
  skip: (at: number) => void;
  flag: () => void;
  undo: () => void;
  leave: () => void;
  help: () => void;
  addClass: (name: string) => Promise<void>;
  open: (what: Open) => void;
  guidelines: () => void;
}

interface Props {
  card: Card;
  looked: Decided | null;
  draft: Draft;
  project: Wire["ProjectView"];
  keys: ReadonlyMap<number, string>;
  open: Open;
  guidelinesOpen: boolean;
  act: PanelActions;
}

export function Panel({ card, looked, draft, project, keys, open, guidelinesOpen, act }: Props) {
  const { task_schema: schema, policy } = project.project;
  const classes = schema.classes.filter((entry) => !entry.archived);
  const name = (classId: number) => schema.classes[classId]?.name ?? `class ${classId}`;
  const suggested = looked || draft.dismissed ? null : classOf(card.prediction?.value);
  const chosen = draft.chosen ?? classOf(looked?.value);
  const list = (shown: readonly Wire["Class"][]) => (
    <ClassList
      classes={shown}
      keys={keys}
      prediction={card.prediction}
      suggested={suggested}
      chosen={chosen}
      choose={act.answer}
    />
  );
  const searching = open === "search" || classes.length > MANY;
  return (
    <aside className="panel" aria-label="Decision">
      {looked ? (
        <Looked looked={looked} name={name} act={act} />
      ) : (
        <Suggestion card={card} draft={draft} name={name} submitOnKey={policy.submit_on_key} act={act} />
      )}
      <section className="panel-classes">
        {searching ? (
          <ClassSearch
            key={open === "search" ? "opened" : "always"}
            classes={classes}
            choose={act.answer}
            close={() => act.open(null)}
            autoFocus={open === "search"}
          >
            {list}
          </ClassSearch>
        ) : (
          list(classes)
        )}
        {classes.length === 0 && open !== "add" && <p className="quiet">No classes yet. Add the first one to begin.</p>}
        {open === "add" ? (
          <AddClass taken={schema.classes.map((one) => one.name)} add={act.addClass} close={() => act.open(null)} />
        ) : (
          <Button look="plain" className="add-button" onClick={() => act.open("add")}>
            <Kbd>+</Kbd> Add a class
          </Button>
        )}
      </section>
      <Guidelines text={schema.instructions} open={guidelinesOpen} toggle={act.guidelines} />
      <Facts card={card} project={project} name={name} />
    </aside>
  );
}

interface ActionsProps {
  flagged: boolean;
  canUndo: boolean;
  act: PanelActions;
}

/** What can be done with an item besides naming its class. */
export function Actions({ flagged, canUndo, act }: ActionsProps) {
  return (
    <div className="annotate-actions">
      <KeyButton action="skip" onClick={(at) => act.skip(at)}>
        Skip
      </KeyButton>
      <KeyButton action="flag" pressed={flagged} onClick={act.flag}>
        {flagged ? "Flagged" : "Flag"}
      </KeyButton>
      <KeyButton action="undo" disabled={!canUndo} onClick={act.undo}>
        Undo
      </KeyButton>
      <KeyButton action="help" onClick={act.help}>
        Keys
      </KeyButton>
    </div>
  );
}

interface KeyButtonProps {
  action: "skip" | "flag" | "undo" | "help" | "accept" | "reject";
  pressed?: boolean;
  disabled?: boolean;
  look?: "primary" | "normal";
  onClick: (at: number) => void;
  children: string;
}

function KeyButton({ action, pressed, onClick, children, ...rest }: KeyButtonProps) {
  return (
    <Button
      {...rest}
      aria-pressed={pressed}
      // A click leaves the focus where it was: Enter and Space go on meaning the item, not the button.
      onMouseDown={(event) => event.preventDefault()}
      onClick={(event) => onClick(event.timeStamp)}
    >
      {children} <Kbd>{printed(keyOf("annotate", action))}</Kbd>
    </Button>
  );
}

interface SuggestionProps {
  card: Card;
  draft: Draft;
  name: (classId: number) => string;
  submitOnKey: boolean;
  act: PanelActions;
}

function Suggestion({ card, draft, name, submitOnKey, act }: SuggestionProps) {
  const without = withoutSuggestion(card, name);
  const { prediction } = card;
  if (draft.chosen !== null) {
    return (
      <section className="suggestion" data-kind="chosen">
        <p>
          <Swatch classId={draft.chosen} /> <bdi className="suggestion-name">{name(draft.chosen)}</bdi>
        </p>
        <div className="row">
          <KeyButton action="accept" look="primary" onClick={act.accept}>
            Submit
          </KeyButton>
        </div>
      </section>
    );
  }
  const suggested = classOf(prediction?.value);
  if (without || !prediction || suggested === null) {
    return (
      <section className="suggestion" data-kind="none">
        <p className="suggestion-title">{without?.title}</p>
        <p className="quiet small">{without?.why}</p>
      </section>
    );
  }
  if (draft.dismissed) {
    return (
      <section className="suggestion" data-kind="none">
        <p className="suggestion-title">Suggestion rejected</p>
        <p className="quiet small">
          Choose the right class{submitOnKey ? "" : ", then Enter"}. The model said <bdi>{name(suggested)}</bdi>.
        </p>
      </section>
    );
  }
  return (
    <section className="suggestion" data-kind="suggested">
      <p className="quiet small">
        suggested <span className="number">{percent(prediction.confidence)}</span> - model {prediction.model}
      </p>
      <p>
        <Swatch classId={suggested} /> <bdi className="suggestion-name">{name(suggested)}</bdi>
      </p>
      <div className="row">
        <KeyButton action="accept" look="primary" onClick={act.accept}>
          Accept
        </KeyButton>
        <KeyButton action="reject" onClick={act.reject}>
          Reject
        </KeyButton>
      </div>
    </section>
  );
}

interface LookedProps {
  looked: Decided;
  name: (classId: number) => string;
  act: PanelActions;
}

function Looked({ looked, name, act }: LookedProps) {
  const classId = classOf(looked.value);
  return (
    <section className="suggestion" data-kind="looked">
      <p className="quiet small">decided before</p>
      <p>
        {classId !== null && <Swatch classId={classId} />}{" "}
        <bdi className="suggestion-name">{classId === null ? "Skipped" : name(classId)}</bdi>
      </p>
      <p className="quiet small">Another class changes it.</p>
      <div className="row">
        <Button look="primary" onMouseDown={(event) => event.preventDefault()} onClick={act.leave}>
          Keep and go on <Kbd>Esc</Kbd>
        </Button>
      </div>
    </section>
  );
}

function Guidelines({ text, open, toggle }: { text: string; open: boolean; toggle: () => void }) {
  return (
    <section className="guidelines">
      <h2>
        <button type="button" className="fold" aria-expanded={open} onClick={toggle}>
          Guidelines <Kbd>{printed(keyOf("annotate", "guidelines"))}</Kbd>
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

function Facts({
  card,
  project,
  name,
}: {
  card: Card;
  project: Wire["ProjectView"];
  name: (classId: number) => string;
}) {
  const { item, reason } = card;
  const { round, counts } = project;
  return (
    <dl className="facts small">
      <div>
        <dt>File</dt>
        <dd>
          <bdi title={item.uri}>{item.name}</bdi>
        </dd>
      </div>
      <div>
        <dt>Size</dt>
        <dd className="number">
          {item.width} × {item.height}
        </dd>
      </div>
      {reason && (
        <div>
          <dt>Why this</dt>
          <dd>{reasonText(reason, name)}</dd>
        </div>
      )}
      <div>
        <dt>Labeled</dt>
        <dd className="number">
          {counts.labeled.toLocaleString("en")} of {counts.items.toLocaleString("en")}
        </dd>
      </div>
      {round && round.labels > 0 && (
        <div>
          <dt>Model</dt>
          <dd>
            <span className="number">
              {round.number}
              {round.accuracy && `, right in ${withRange(round.accuracy)}`}
            </span>
          </dd>
        </div>
      )}
    </dl>
  );
}
