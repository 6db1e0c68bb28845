// How the loop behaves: what is asked next, when it trains, what counts as sure. Each choice says what it does.
import { useQueryClient } from "@tanstack/react-query";
import type { Wire } from "../../api/client";
import { counted } from "../../model/figures";
import {
  additions,
  type Choice,
  hasAddition,
  parsed,
  RANGES,
  type Range,
  readNumber,
  seedStrategies,
  strategies,
  withAddition,
  withBase,
} from "../../model/policy";
import { Field } from "../../parts/Field";
import { refusal } from "./NameForm";
import { patchProject, type Saving } from "./useSaving";
import { useTyped } from "./useTyped";

type Policy = Wire["Policy"];

interface Props {
  project: Wire["Project"];
  me: Wire["Me"] | undefined;
  saving: Saving;
}

type Keep = <F extends keyof Policy>(field: F, said: string, value: Policy[F]) => void;

export function PolicyForm({ project, me, saving }: Props) {
  const cache = useQueryClient();
  const { slug, policy } = project;
  const keep: Keep = (field, said, value) => {
    const before = policy[field];
    // A policy is sent whole: it is put together when its turn comes, from what is stored by then.
    const now = () => cache.getQueryData<Wire["ProjectView"]>(["project", slug])?.project.policy ?? policy;
    void saving.save({
      field,
      said,
      send: () => patchProject(slug, { policy: { ...now(), [field]: value } }),
      back: () => patchProject(slug, { policy: { ...now(), [field]: before } }),
    });
  };
  const shared = { policy, keep, saving };
  return (
    <>
      <section className="card settings-part" aria-labelledby="settings-asking">
        <h2 id="settings-asking">What is asked next</h2>
        <Choices
          legend="Once there is a model"
          {...strategies(me?.strategies ?? [], policy.strategy)}
          chosen={parsed(policy.strategy).base}
          problem={refusal(saving, "strategy")}
          onChoose={(name) => keep("strategy", "strategy", withBase(policy.strategy, name))}
        />
        <fieldset className="choices">
          <legend>And in any case</legend>
          {additions(me?.wrappers ?? []).map(({ name, title, explanation }) => (
            <label key={name} className="tick">
              <input
                type="checkbox"
                checked={hasAddition(policy.strategy, name)}
                onChange={(event) =>
                  keep("strategy", title.toLowerCase(), withAddition(policy.strategy, name, event.target.checked))
                }
              />
              <span>
                {title}
                <span className="quiet small tick-hint">{explanation}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <Choices
          legend="The first images, before there is a model"
          {...seedStrategies(me?.seed_strategies ?? [], policy.seed_strategy)}
          chosen={policy.seed_strategy}
          problem={refusal(saving, "seed_strategy")}
          onChoose={(name) => keep("seed_strategy", "seed strategy", name)}
        />
      </section>
      <section className="card settings-part" aria-labelledby="settings-loop">
        <h2 id="settings-loop">How it runs</h2>
        <div className="settings-numbers">
          <Share
            field="validate_above"
            label="Validate from"
            {...shared}
            hint="Images the model is at least this sure of wait on the Validate page."
          />
          <Share
            field="holdout_rate"
            label="Held-out images in the queue"
            {...shared}
            hint="Shown without a suggestion, to measure. More of them narrow the interval sooner."
          />
          <Whole
            field="retrain_after"
            label="Train after"
            unit="new labels"
            {...shared}
            hint="Empty: after 5 at first, later less often."
          />
          <Whole
            field="budget"
            label="Budget"
            unit="labels"
            {...shared}
            hint="Stops asking after so many labels by people. Empty: no limit."
          />
          <Whole
            field="lease_s"
            label="An image waits for its annotator"
            unit="seconds"
            {...shared}
            hint="After that it may be shown to somebody else. Nothing typed is lost."
          />
        </div>
        <label className="tick">
          <input
            type="checkbox"
            checked={policy.submit_on_key}
            onChange={(event) => keep("submit_on_key", "submit on key", event.target.checked)}
          />
          <span>
            A class key submits at once
            <span className="quiet small tick-hint">Otherwise it chooses, and Enter submits.</span>
          </span>
        </label>
      </section>
    </>
  );
}

interface ChoicesProps {
  legend: string;
  common: readonly Choice[];
  others: readonly Choice[];
  chosen: string;
  problem: string | null;
  onChoose: (name: string) => void;
}

function Choices({ legend, common, others, chosen, problem, onChoose }: ChoicesProps) {
  const card = (choice: Choice) => (
    <label key={choice.name} className="choice" data-on={choice.name === chosen || undefined}>
      <input type="radio" name={legend} checked={choice.name === chosen} onChange={() => onChoose(choice.name)} />
      <span>
        {choice.title}
        <span className="quiet small tick-hint">{choice.explanation}</span>
      </span>
    </label>
  );
  return (
    <fieldset className="choices">
      <legend>{legend}</legend>
      {common.map(card)}
      {others.length > 0 && (
        <details open={others.some((one) => one.name === chosen) || undefined}>
          <summary className="plain-summary">{counted(others.length, "more strategy", "more strategies")}</summary>
          <div className="choices">{others.map(card)}</div>
        </details>
      )}
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </fieldset>
  );
}

interface NumberProps<F extends keyof Policy> {
  field: F;
  label: string;
  hint: string;
  policy: Policy;
  keep: Keep;
  saving: Saving;
}

function Share({ field, policy, keep, ...rest }: NumberProps<"validate_above" | "holdout_rate">) {
  return (
    <NumberField
      {...rest}
      field={field}
      unit="%"
      bounds={RANGES[field]}
      // 0.29 * 100 is 28.999999999999996
      saved={String(Number((policy[field] * 100).toFixed(4)))}
      save={(value) => value !== null && keep(field, rest.label.toLowerCase(), value / 100)}
    />
  );
}

function Whole({
  field,
  policy,
  keep,
  unit,
  ...rest
}: NumberProps<"retrain_after" | "budget" | "lease_s"> & { unit: string }) {
  const value = policy[field];
  const set = (now: number | null) => {
    if (field !== "lease_s") keep(field, rest.label.toLowerCase(), now);
    else if (now !== null) keep(field, rest.label.toLowerCase(), now);
  };
  return (
    <NumberField
      {...rest}
      field={field}
      unit={unit}
      bounds={RANGES[field]}
      saved={value === null || value === undefined ? "" : String(value)}
      save={set}
    />
  );
}

interface NumberFieldProps {
  field: string;
  label: string;
  hint: string;
  unit: string;
  bounds: Range;
  saved: string;
  save: (value: number | null) => void;
  saving: Saving;
}

function NumberField({ field, label, hint, unit, bounds, saved, save, saving }: NumberFieldProps) {
  const typed = useTyped({
    saved,
    check: (text) => readNumber(text, bounds).problem,
    save: (text) => {
      const read = readNumber(text, bounds);
      // "90" and "90.0" are the same number: nothing to save, nothing to take back.
      if (read.problem === null && String(read.value ?? "") !== saved) save(read.value);
    },
  });
  return (
    <Field label={label} hint={hint} problem={typed.problem ?? refusal(saving, field)}>
      {(control) => (
        <div className="number-field">
          <input
            {...control}
            className="input number"
            type="text"
            inputMode={bounds.whole ? "numeric" : "decimal"}
            placeholder={bounds.empty}
            value={typed.text}
            onChange={(event) => typed.change(event.target.value)}
            onBlur={typed.leave}
          />
          <span className="quiet number-unit">{unit}</span>
        </div>
      )}
    </Field>
  );
}
