// What each way costs, as bars on one scale with their bands as whiskers; told in words beneath each.
import type { Bar } from "../../model/bill";

const percent = (share: number) => `${(share * 100).toFixed(2)}%`;

export function Bars({ bars }: { bars: readonly Bar[] }) {
  return (
    <ul className="bill-bars">
      {bars.map((bar) => (
        <li key={bar.key}>
          <span className="bill-name">{bar.name}</span>
          <span className="bill-track" aria-hidden="true">
            {bar.parts.map((part) => (
              <span key={part.key} className="bill-bar" data-part={part.key} style={{ width: percent(part.share) }} />
            ))}
            {bar.high > bar.low && (
              <span className="bill-whisker" style={{ left: percent(bar.low), width: percent(bar.high - bar.low) }} />
            )}
          </span>
          <span className="number bill-told">
            {bar.told}
            {bar.range && <span className="quiet"> ({bar.range})</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
