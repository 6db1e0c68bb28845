// A stack of similar new images: a fanned pile that opens to a grid, a name for all of them, or what else they are.
import { type CSSProperties, type FormEvent, useState } from "react";
import type { Wire } from "../../api/client";
import { keyOf, printed } from "../../model/actions";
import { stackSaid } from "../../model/batches";
import { nameProblem } from "../../model/classes";
import { count, counted } from "../../model/figures";
import { members } from "../../model/triage";
import { Button } from "../../parts/Button";
import { Field } from "../../parts/Field";
import { Kbd } from "../../parts/Kbd";
import { Thumb } from "../../parts/Thumb";

const PILE = 5;

export interface StackActs {
  focus: (id: string) => void;
  toggleOpen: (id: string) => void;
  toggleItem: (id: string, itemId: number) => void;
  /** Its name is being typed. */
  hold: (id: string, typing: boolean) => void;
  /** False: the name cannot be used. */
  name: (id: string, typed: string) => boolean;
  known: (id: string) => void;
  noise: (id: string) => void;
}

interface Props {
  slug: string;
  stack: Wire["Stack"];
  /** Its place in the list, from 1. */
  number: number;
  focused: boolean;
  /** The place of the item the keys are about; none while the stack is closed. */
  open: number | null;
  leftOut: ReadonlySet<number> | undefined;
  /** Where it seems more of a class this batch brought: its name stands in the field, and Enter is enough. */
  proposed: string;
  className: (classId: number) => string;
  act: StackActs;
}

export function StackCard({ slug, stack, number, focused, open, leftOut, proposed, className, act }: Props) {
  const { id } = stack;
  const n = members(stack, leftOut);
  return (
    <li
      className="stack-card card"
      data-focused={focused || undefined}
      data-open={open !== null || undefined}
      data-stack={id}
      onFocus={() => !focused && act.focus(id)}
    >
      {open === null ? (
        <Pile slug={slug} stack={stack} number={number} n={n} leftOut={leftOut} open={() => act.toggleOpen(id)} />
      ) : (
        <Opened slug={slug} stack={stack} number={number} n={n} at={open} leftOut={leftOut} act={act} />
      )}
      <div className="stack-side">
        <p className="small quiet number">{stackSaid(stack, className)}</p>
        <NameForm stack={stack} n={n} number={number} proposed={proposed} act={act} />
        <div className="row">
          <Button
            look="plain"
            aria-label={`Stack ${number}: known after all`}
            title="Nothing in this stack is new"
            onClick={() => act.known(id)}
          >
            Known after all {focused && <Kbd>{printed(keyOf("triage", "known"))}</Kbd>}
          </Button>
          <Button
            look="plain"
            aria-label={`Stack ${number}: ignore, noise`}
            title="Of no interest: set aside, and remembered for later batches"
            onClick={() => act.noise(id)}
          >
            Ignore, noise {focused && <Kbd>{printed(keyOf("triage", "noise"))}</Kbd>}
          </Button>
        </div>
      </div>
    </li>
  );
}

interface PileProps {
  slug: string;
  stack: Wire["Stack"];
  number: number;
  n: number;
  leftOut: ReadonlySet<number> | undefined;
  open: () => void;
}

function Pile({ slug, stack, number, n, leftOut, open }: PileProps) {
  const shown = stack.items.filter((itemId) => !leftOut?.has(itemId)).slice(0, PILE);
  return (
    <button
      type="button"
      className="pile"
      aria-expanded={false}
      aria-label={`Stack ${number}: open ${counted(n, "similar image")}`}
      onMouseDown={(event) => event.preventDefault()}
      onClick={open}
    >
      {/* The most typical lies on top, so it is painted last. */}
      {shown.toReversed().map((itemId, at) => (
        <span
          key={itemId}
          className="pile-leaf"
          style={{ "--depth": shown.length - 1 - at, "--leaves": shown.length } as CSSProperties}
        >
          <Thumb slug={slug} itemId={itemId} alt="" size={256} />
        </span>
      ))}
      <span className="pile-count number">{count(n)}</span>
    </button>
  );
}

interface OpenedProps {
  slug: string;
  stack: Wire["Stack"];
  number: number;
  n: number;
  at: number;
  leftOut: ReadonlySet<number> | undefined;
  act: StackActs;
}

function Opened({ slug, stack, number, n, at, leftOut, act }: OpenedProps) {
  const hidden = stack.count - stack.items.length;
  return (
    <div className="opened">
      <div className="row">
        <strong className="number">
          {counted(n, "image")}
          {leftOut && leftOut.size > 0 && <span className="quiet">, {count(leftOut.size)} left out</span>}
        </strong>
        <span className="quiet small">A click leaves one out of the stack.</span>
        <span className="gap" />
        <Button look="plain" aria-expanded={true} onClick={() => act.toggleOpen(stack.id)}>
          Close the stack <Kbd>{printed(keyOf("triage", "open"))}</Kbd>
        </Button>
      </div>
      <ul className="opened-grid" aria-label={`Images of stack ${number}, the most typical first`}>
        {stack.items.map((itemId, place) => {
          const out = leftOut?.has(itemId) ?? false;
          return (
            <li key={itemId}>
              <button
                type="button"
                aria-pressed={out}
                aria-label={`Image ${place + 1}: leave out`}
                data-here={place === at || undefined}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => act.toggleItem(stack.id, itemId)}
              >
                <Thumb slug={slug} itemId={itemId} alt="" size={256} />
                {out && (
                  <svg viewBox="0 0 20 20" aria-hidden="true">
                    <path d="M5 5 15 15M15 5 5 15" />
                  </svg>
                )}
              </button>
            </li>
          );
        })}
      </ul>
      {hidden > 0 && (
        <p className="small quiet number">
          {counted(hidden, "more image")}, less typical, {hidden === 1 ? "belongs" : "belong"} to it as well.
        </p>
      )}
    </div>
  );
}

interface NameProps {
  stack: Wire["Stack"];
  n: number;
  number: number;
  proposed: string;
  act: StackActs;
}

function NameForm({ stack, n, number, proposed, act }: NameProps) {
  const [stood] = useState(proposed); // what it was shown with: later answers do not change a name under a hand
  const [typed, setTyped] = useState(stood);
  const [problem, setProblem] = useState<string | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (n === 0) setProblem("Every image is left out: there is nothing to name.");
    else if (!act.name(stack.id, typed)) setProblem(nameProblem(typed) ?? "This name cannot be used.");
  };
  return (
    <form className="stack-name" onSubmit={submit}>
      <Field label={<span className="sr-only">Name of stack {number}</span>} problem={problem}>
        {(control) => (
          <input
            {...control}
            list="triage-classes"
            autoComplete="off"
            placeholder={n === 1 ? "Name it" : `Name all ${count(n)}`}
            data-name={stack.id}
            value={typed}
            onFocus={(event) => {
              act.hold(stack.id, true);
              event.currentTarget.select();
            }}
            onBlur={() => act.hold(stack.id, typed !== stood)}
            onChange={(event) => {
              setTyped(event.target.value);
              setProblem(null);
            }}
            onKeyDown={(event) => {
              if (event.key === "Escape") event.currentTarget.blur();
            }}
          />
        )}
      </Field>
      <Button type="submit" aria-label={`Label the ${counted(n, "image")} of stack ${number}`}>
        Label
      </Button>
    </form>
  );
}
