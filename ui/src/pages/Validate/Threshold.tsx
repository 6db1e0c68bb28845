// How sure the model must be: a slider under the histogram of confidence, with what lies above and how many errors to expect.
import { type ReactNode, useEffect, useState } from "react";
import type { Wire } from "../../api/client";
import { count, counted, countRange, percent } from "../../model/figures";
import { countAbove, errorRate, expectedWrong } from "../../model/validation";

interface Props {
  view: Wire["ValidateView"];
  classId: number;
  above: number;
  change: (above: number) => void;
  children: ReactNode;
}

export function Threshold({ view, classId, above, change, children }: Props) {
  const [shown, setShown] = useState(above);
  useEffect(() => setShown(above), [above]);
  // The page is fetched when the slider rests, the figures move with it.
  useEffect(() => {
    if (shown === above) return;
    const timer = setTimeout(() => change(shown), 250);
    return () => clearTimeout(timer);
  }, [shown, above, change]);
  const histogram = view.classes.find((one) => one.class_id === classId)?.histogram ?? [];
  const most = Math.max(1, ...histogram);
  const there = countAbove(histogram, shown);
  const rate = errorRate(view.holdout_errors, shown);
  return (
    <section className="threshold" aria-label="Confidence">
      <div className="threshold-figure">
        <div className="histogram" aria-hidden="true">
          {histogram.map((n, bin) => (
            <span
              // biome-ignore lint/suspicious/noArrayIndexKey: the bins never change places
              key={bin}
              data-in={(bin + 0.5) / histogram.length > shown || undefined}
              style={{ height: n === 0 ? 0 : `${Math.max(6, 100 * Math.sqrt(n / most))}%` }}
              title={`${count(n)} between ${percent(bin / histogram.length)} and ${percent((bin + 1) / histogram.length)}`}
            />
          ))}
        </div>
        <input
          type="range"
          min={0}
          max={0.98}
          step={0.02}
          value={shown}
          aria-label="Least confidence"
          aria-valuetext={`${percent(shown)}, ${counted(there, "item")} above`}
          onChange={(event) => setShown(Number(event.target.value))}
        />
      </div>
      <p className="threshold-words" aria-live="polite">
        <span>
          <strong className="number">{count(there)}</strong> at <strong className="number">{percent(shown)}</strong> or
          above
        </span>
        <span className="quiet small">{errorWords(rate && expectedWrong(rate, there), there)}</span>
      </p>
      {children}
    </section>
  );
}

function errorWords(wrong: Wire["Interval"] | null, there: number): string {
  if (there === 0) return "Nothing there. A lower confidence brings more.";
  if (!wrong) return "How many are wrong is not known yet: no blind label is that sure.";
  return `about ${countRange(wrong)} of them wrong, from ${counted(wrong.n, "blind label")} that sure`;
}
