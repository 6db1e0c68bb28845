// One of several, each with its explanation; the rare ones are a click away.
import { counted } from "../../model/figures";
import type { Choice } from "../../model/policy";

interface ChoicesProps {
  legend: string;
  common: readonly Choice[];
  others?: readonly Choice[];
  chosen: string;
  problem: string | null;
  onChoose: (name: string) => void;
}

export function Choices({ legend, common, others = [], chosen, problem, onChoose }: ChoicesProps) {
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
