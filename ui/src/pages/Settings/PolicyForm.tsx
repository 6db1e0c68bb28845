// How the loop behaves: what is asked next, when it trains, what counts as sure. Each choice says what it does.
import type { Wire } from "../../api/client";
import { additions, hasAddition, parsed, seedStrategies, strategies, withAddition, withBase } from "../../model/policy";
import { Choices } from "./Choices";
import { CostForm } from "./CostForm";
import { refusal } from "./NameForm";
import { PolicyNumber } from "./PolicyNumber";
import { RoutesForm } from "./RoutesForm";
import { useKeep } from "./useKeep";
import type { Saving } from "./useSaving";

interface Props {
  project: Wire["Project"];
  me: Wire["Me"] | undefined;
  saving: Saving;
}

export function PolicyForm({ project, me, saving }: Props) {
  const keep = useKeep(project, saving);
  const { policy } = project;
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
          <PolicyNumber
            field="holdout_rate"
            label="Held-out images in the queue"
            unit="%"
            {...shared}
            hint="Shown without a suggestion, to measure. More of them narrow the interval sooner."
          />
          <PolicyNumber
            field="retrain_after"
            label="Train after"
            unit="new labels"
            {...shared}
            hint="Empty: after 5 at first, later less often."
          />
          <PolicyNumber
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
      <RoutesForm {...shared} />
      <CostForm {...shared} />
    </>
  );
}
