// One attribute of the selected shapes: a choice, a text, a number or a flag; several shapes may have several answers.
import { useEffect, useState } from "react";
import type { Class, Shape } from "../../model/shape";
import { Field } from "../../parts/Field";

type Attribute = Class["attributes"][number];
type Answer = Shape["attributes"][string];

interface Props {
  attribute: Attribute;
  /** Of every selected shape; null where there is none. */
  answers: readonly (Answer | null)[];
  /** Null takes the answer away. */
  give: (answer: Answer | null) => void;
}

export function AttributeField({ attribute, answers, give }: Props) {
  const [first = null] = answers;
  const mixed = answers.some((answer) => answer !== first);
  const needed = attribute.required && answers.some((answer) => answer === null);
  const problem = needed ? "Needs an answer." : null;
  if (attribute.kind === "flag") {
    return (
      <label className="tick bench-attribute">
        <input
          type="checkbox"
          checked={first === true && !mixed}
          ref={(input) => {
            if (input) input.indeterminate = mixed || (first === null && attribute.required);
          }}
          onChange={(event) => give(event.target.checked)}
        />
        <span>
          {attribute.name}
          {problem && <span className="problem small tick-hint">{problem}</span>}
        </span>
      </label>
    );
  }
  return (
    <Field label={attribute.name} problem={problem}>
      {(control) =>
        attribute.kind === "choice" ? (
          <select
            {...control}
            className="bench-attribute"
            value={mixed ? "\u0000" : String(first ?? "")}
            onChange={(event) => give(event.target.value === "" ? null : event.target.value)}
          >
            {mixed && (
              <option value={"\u0000"} disabled>
                several
              </option>
            )}
            <option value="">{attribute.required ? "Choose one" : "none"}</option>
            {attribute.choices.map((choice) => (
              <option key={choice} value={choice}>
                {choice}
              </option>
            ))}
          </select>
        ) : (
          <Typed
            {...control}
            number={attribute.kind === "number"}
            value={mixed ? null : first}
            mixed={mixed}
            give={give}
          />
        )
      }
    </Field>
  );
}

interface TypedProps {
  number: boolean;
  value: Answer | null;
  mixed: boolean;
  give: (answer: Answer | null) => void;
}

/** What is typed is given at once; a number half typed waits until it is one. */
function Typed({ number, value, mixed, give, ...control }: TypedProps) {
  const [text, setText] = useState(String(value ?? ""));
  useEffect(() => {
    setText((now) => (value !== null && number && Number(now) === value ? now : String(value ?? "")));
  }, [value, number]);
  return (
    <input
      {...control}
      className="bench-attribute"
      type="text"
      inputMode={number ? "decimal" : undefined}
      dir="auto"
      value={text}
      placeholder={mixed ? "several" : undefined}
      onChange={(event) => {
        const typed = event.target.value;
        setText(typed);
        if (typed.trim() === "") give(null);
        else if (!number) give(typed);
        else if (Number.isFinite(Number(typed))) give(Number(typed));
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
      }}
    />
  );
}
