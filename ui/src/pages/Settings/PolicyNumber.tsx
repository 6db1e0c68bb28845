// A number of the policy as it is typed: shares in percent, checked before it is sent, saved by itself.
import type { ReactNode } from "react";
import { fromTyped, RANGES, type Range, readNumber, toTyped } from "../../model/policy";
import { Field } from "../../parts/Field";
import { refusal } from "./NameForm";
import type { Shared } from "./useKeep";
import { useTyped } from "./useTyped";

interface Props extends Shared {
  field: keyof typeof RANGES;
  label: string;
  hint: ReactNode;
  unit: string;
}

export function PolicyNumber({ field, label, hint, unit, ...shared }: Props) {
  const typed = usePolicyNumber({ field, said: label.toLowerCase(), ...shared });
  return (
    <Field label={label} hint={hint} problem={typed.problem}>
      {(control) => (
        <div className="number-field">
          <input {...control} {...typed.input} className="input number" />
          <span className="quiet number-unit">{unit}</span>
        </div>
      )}
    </Field>
  );
}

interface Wanted extends Shared {
  field: keyof typeof RANGES;
  /** "budget", as it stands in "Undo: budget". */
  said: string;
}

/** What an input of this number needs, and what is wrong with what was typed into it. */
export function usePolicyNumber({ field, said, policy, keep, saving }: Wanted) {
  const bounds: Range = RANGES[field];
  const saved = toTyped(policy[field] ?? null, bounds);
  const typed = useTyped({
    saved,
    check: (text) => readNumber(text, bounds).problem,
    save: (text) => {
      const read = readNumber(text, bounds);
      // "90" and "90.0" are the same number: nothing to save, nothing to take back.
      if (read.problem === null && String(read.value ?? "") !== saved) keep(field, said, fromTyped(read.value, bounds));
    },
  });
  return {
    problem: typed.problem ?? refusal(saving, field),
    input: {
      type: "text",
      inputMode: bounds.whole ? ("numeric" as const) : ("decimal" as const),
      placeholder: bounds.empty,
      value: typed.text,
      onChange: (event: { target: { value: string } }) => typed.change(event.target.value),
      onBlur: typed.leave,
    },
  };
}
