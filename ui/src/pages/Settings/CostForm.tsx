// What labeling costs, and where it stops: budgets in labels, hours and money.
import { useId } from "react";
import { Field } from "../../parts/Field";
import { refusal } from "./NameForm";
import { PolicyNumber } from "./PolicyNumber";
import type { Shared } from "./useKeep";
import { useTyped } from "./useTyped";

export function CostForm(shared: Shared) {
  const { policy } = shared;
  const currency = policy.currency;
  const id = useId();
  return (
    <section className="card settings-part" aria-labelledby={id}>
      <h2 id={id}>What labeling costs</h2>
      <div className="settings-numbers">
        <PolicyNumber
          field="rate_per_hour"
          label="An hour of labeling"
          unit={currency}
          {...shared}
          hint="Turns measured time into money. Empty: the bill is in hours only."
        />
        <Currency {...shared} />
      </div>
      <p className="quiet">The queue stops at whichever budget is spent first. What is labeled by then stays.</p>
      <div className="settings-numbers">
        <PolicyNumber field="budget" label="Budget in labels" unit="labels" {...shared} hint="Labels by people." />
        <PolicyNumber
          field="budget_hours"
          label="Budget in hours"
          unit="hours"
          {...shared}
          hint="Time spent deciding, measured in the interface; pauses are left out."
        />
        <PolicyNumber
          field="budget_money"
          label="Budget in money"
          unit={currency}
          {...shared}
          hint={
            policy.rate_per_hour === null || policy.rate_per_hour === undefined
              ? "Needs the price of an hour, above."
              : "Time spent times the price of an hour."
          }
        />
      </div>
    </section>
  );
}

const LONGEST = 10;

function Currency({ policy, keep, saving }: Shared) {
  const typed = useTyped({
    saved: policy.currency,
    check: (text) => {
      const length = text.trim().length;
      return length >= 1 && length <= LONGEST ? null : `Type 1 to ${LONGEST} characters, such as EUR.`;
    },
    save: (text) => text.trim() !== policy.currency && keep("currency", "currency", text.trim()),
  });
  return (
    <Field
      label="Currency"
      hint="Written behind every sum of money."
      problem={typed.problem ?? refusal(saving, "currency")}
    >
      {(control) => (
        <input
          {...control}
          className="input"
          type="text"
          value={typed.text}
          onChange={(event) => typed.change(event.target.value)}
          onBlur={typed.leave}
        />
      )}
    </Field>
  );
}
