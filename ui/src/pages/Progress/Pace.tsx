// How fast labeling goes and how long the rest takes. What is not known yet says so.
import type { Wire } from "../../api/client";
import { about, count, counted, duration, points } from "../../model/figures";

interface Props {
  progress: Wire["Progress"];
  budget: number | null | undefined;
}

export function Pace({ progress, budget }: Props) {
  const { counts, forecast, labels_per_hour, seconds_per_label, seconds_left } = progress;
  const facts: [term: string, value: string | null, hint: string][] = [
    [
      "Labels by people",
      count(counts.human),
      budget ? `of a budget of ${count(budget)}` : `of ${count(counts.items)} images`,
    ],
    [
      "Held out and labeled",
      count(counts.holdout),
      `of ${count(counts.holdout_items)}; they measure, the model never learns from them`,
    ],
    ["Time for one label", seconds_per_label === null ? null : duration(seconds_per_label), "pauses left out"],
    ["Labels in an hour", labels_per_hour === null ? null : about(labels_per_hour), "at the recent pace"],
    [
      "Time left",
      seconds_left === null ? null : `about ${duration(seconds_left)}`,
      budget ? "until the budget is spent" : "for what still needs a person",
    ],
    [
      counted(forecast?.more ?? 100, "more label"),
      forecast?.gain ? points(forecast.gain).mean : null,
      `${forecast?.gain ? `${points(forecast.gain).range} ` : ""}of accuracy, as far as the last models tell`,
    ],
  ];
  return (
    <section className="card pace" aria-label="Pace">
      <dl>
        {facts.map(([term, value, hint]) => (
          <div key={term}>
            <dt className="quiet">{term}</dt>
            <dd>
              {value === null ? (
                <span className="quiet">not known yet</span>
              ) : (
                <strong className="number">{value}</strong>
              )}
              <span className="quiet small pace-hint">{hint}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
