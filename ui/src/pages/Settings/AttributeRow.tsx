// One attribute of a class in its form: name, kind, choices, default, and whether an answer is needed.
import { useState } from "react";
import type { Wire } from "../../api/client";
import { parsedChoices } from "../../model/schemaEdit";
import { Button } from "../../parts/Button";

type Attribute = Wire["Class"]["attributes"][number];

export const BLANK: Attribute = { name: "", kind: "choice", choices: [], default: null, required: false };

const KINDS: readonly (readonly [Attribute["kind"], string])[] = [
  ["choice", "choice"],
  ["text", "text"],
  ["number", "number"],
  ["flag", "yes or no"],
];

interface Props {
  attribute: Attribute;
  number: number;
  problem: string | null;
  /** `send`: the field was left, it may be saved. */
  change: (next: Attribute, send: boolean) => void;
  remove: () => void;
}

export function AttributeRow({ attribute, number, problem, change, remove }: Props) {
  const [choices, setChoices] = useState(attribute.choices.join(", "));
  const named = attribute.name || `attribute ${number}`;
  return (
    <div className="attribute-row">
      <input
        className="input"
        type="text"
        dir="auto"
        aria-label={`Name of attribute ${number}`}
        placeholder="Name"
        value={attribute.name}
        aria-invalid={problem ? true : undefined}
        onChange={(event) => change({ ...attribute, name: event.target.value }, false)}
        onBlur={() => change({ ...attribute, name: attribute.name.trim() }, true)}
      />
      <select
        className="input"
        aria-label={`Kind of ${named}`}
        value={attribute.kind}
        onChange={(event) => {
          const kind = event.target.value as Attribute["kind"];
          const kept = kind === "choice" ? parsedChoices(choices) : [];
          change({ ...attribute, kind, choices: kept, default: null }, true);
        }}
      >
        {KINDS.map(([kind, word]) => (
          <option key={kind} value={kind}>
            {word}
          </option>
        ))}
      </select>
      {attribute.kind === "choice" && (
        <input
          className="input"
          type="text"
          dir="auto"
          aria-label={`Choices of ${named}`}
          placeholder="front, side, back"
          value={choices}
          onChange={(event) => {
            setChoices(event.target.value);
            change({ ...attribute, choices: parsedChoices(event.target.value) }, false);
          }}
          onBlur={() => change(withPossibleDefault(attribute), true)}
        />
      )}
      <Default attribute={attribute} named={named} change={change} />
      <label className="tick">
        <input
          type="checkbox"
          checked={attribute.required}
          onChange={(event) => change({ ...attribute, required: event.target.checked }, true)}
        />
        <span>needed</span>
      </label>
      <Button look="plain" aria-label={`Remove ${named}`} onClick={remove}>
        Remove
      </Button>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

function withPossibleDefault(attribute: Attribute): Attribute {
  return attribute.choices.includes(String(attribute.default)) ? attribute : { ...attribute, default: null };
}

interface DefaultProps extends Pick<Props, "attribute" | "change"> {
  named: string;
}

/** What a new shape has. */
function Default({ attribute, named, change }: DefaultProps) {
  const label = `Default of ${named}`;
  const { kind } = attribute;
  const give = (answer: Attribute["default"]) => change({ ...attribute, default: answer }, true);
  if (kind === "choice" || kind === "flag") {
    const answers: readonly (readonly [string, string])[] =
      kind === "flag"
        ? [
            ["true", "yes"],
            ["false", "no"],
          ]
        : attribute.choices.map((one) => [one, one] as const);
    return (
      <select
        className="input"
        aria-label={label}
        value={String(attribute.default ?? "")}
        onChange={({ target: { value } }) => give(value === "" ? null : kind === "flag" ? value === "true" : value)}
      >
        <option value="">no default</option>
        {answers.map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
    );
  }
  return (
    <input
      className="input"
      type={kind === "number" ? "number" : "text"}
      step="any"
      aria-label={label}
      placeholder="no default"
      defaultValue={String(attribute.default ?? "")}
      onBlur={({ target: { value } }) => give(value === "" ? null : kind === "number" ? Number(value) : value)}
    />
  );
}
