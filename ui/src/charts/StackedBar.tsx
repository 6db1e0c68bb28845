// Parts of a whole as one bar, each with its name and number beneath; told apart by pattern and order as well as colour.
import { counted, percent } from "../model/figures";

export interface Part {
  key: string;
  label: string;
  meaning: string;
  n: number;
}

interface Props {
  parts: readonly Part[];
  /** What is counted: "image". */
  noun: string;
}

export function StackedBar({ parts, noun }: Props) {
  const whole = parts.reduce((sum, part) => sum + part.n, 0);
  return (
    <>
      <div className="stacked" aria-hidden="true">
        {parts.map((part) => (
          <span
            key={part.key}
            data-part={part.key}
            style={{ flexGrow: part.n }}
            title={`${part.label}: ${counted(part.n, noun)}`}
          />
        ))}
      </div>
      <ul className="stacked-legend">
        {parts.map((part) => (
          <li key={part.key}>
            <span className="stacked-mark" data-part={part.key} aria-hidden="true" />
            <span>
              {part.label} <strong className="number">{counted(part.n, noun)}</strong>{" "}
              <span className="quiet number">{percent(part.n / Math.max(1, whole))}</span>
              <span className="quiet small stacked-meaning">{part.meaning}</span>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
