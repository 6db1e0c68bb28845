import { describe, expect, it } from "vitest";
import type { components } from "../api/schema";
import {
  adviceOf,
  chanceSaid,
  changeSaid,
  classRows,
  driftBars,
  headline,
  LEVEL,
  leftSaid,
  lookOf,
  progressSaid,
  shares,
} from "./batches";

type Wire = components["schemas"];

const interval = (mean: number, low: number, high: number, n = 100) => ({ mean, low, high, n });
const alarm = (drift: boolean): Wire["Alarm"] => ({ p: drift ? 0.005 : 0.4, drift, findings: [] });
const batch = (changes: Partial<Wire["BatchView"]> = {}) =>
  ({
    number: 4,
    state: "open",
    items: 5000,
    budget: 275,
    new_classes: [],
    asked: 41,
    found: 218,
    saved: 4600,
    alarm: alarm(true),
    remaining: interval(12, 3.4, 29.2),
    finished: false,
    message: "",
    ...changes,
  }) as Wire["BatchView"];

describe("a batch in words", () => {
  it("tells how far the questions are and what is left", () => {
    expect(progressSaid(batch())).toBe("41 of 275 asked, about 12 new ones left (3 to 30)");
    expect(leftSaid(interval(1, 0, 4))).toBe("about 1 new one left (0 to 4)");
    expect(leftSaid(interval(0.3, 0, 6))).toBe("probably no new ones left (at most 6)");
    expect(leftSaid(interval(0, 0, 0))).toBe("no new ones left");
    expect(leftSaid(null)).toContain("not known yet");
  });

  it("says in one sentence what is the matter", () => {
    expect(headline(batch())).toBe(
      "About 230 of 5,000 images look like nothing the model knows. The rest is recognised.",
    );
    expect(headline(batch({ found: 0, remaining: interval(0, 0, 3), alarm: alarm(false) }))).toBe(
      "Nothing among 5,000 images looks new.",
    );
    expect(headline(batch({ found: 0, remaining: null }))).toContain("they differ from what is known");
    expect(headline(batch({ state: "done", new_classes: [3], found: 246 }))).toBe(
      "246 of 5,000 images were of a class that is new.",
    );
    expect(headline(batch({ state: "done", message: "there was no model yet" }))).toBe("there was no model yet");
  });

  it("tells states apart, an alarm from none", () => {
    expect(lookOf({ state: "open", alarm: alarm(true) })).toBe("changed");
    expect(lookOf({ state: "open", alarm: alarm(false) })).toBe("same");
    expect(lookOf({ state: "open", alarm: null })).toBe("plain");
    expect(lookOf({ state: "done", alarm: alarm(true) })).toBe("done");
    expect(lookOf({ state: "arriving", alarm: null })).toBe("arriving");
  });

  it("advises to stop when it is time, and when the budget is spent", () => {
    expect(adviceOf(batch(), 3).what).toBe("go");
    expect(adviceOf(batch({ asked: 275 }), 1).words).toBe(
      "The budget of 275 questions is used up: name the stack that is left.",
    );
    expect(adviceOf(batch({ finished: true, asked: 90 }), 0).words).toBe(
      "Further questions will hardly find anything new: finish the batch.",
    );
  });

  it("says how surprising a difference is without more digits than the test has", () => {
    expect(chanceSaid({ p: 0.005, drift: true })).toContain("fewer than 1 of 100");
    expect(chanceSaid({ p: 0.03, drift: true })).toContain("about 3 of 100");
    expect(chanceSaid({ p: 0.4, drift: false })).toBe("A batch of the same kind differs as much in 40% of cases.");
  });
});

describe("the report of a batch", () => {
  const row = (
    class_id: number,
    fresh: boolean,
    before: number | null,
    after: number | null,
  ): Wire["ClassAccuracy"] => ({
    class_id,
    new: fresh,
    before: before === null ? null : interval(before, before - 0.03, before + 0.03),
    after: after === null ? null : interval(after, after - 0.03, after + 0.03),
  });

  it("parts the batch into what was looked at, how, and what nobody had to", () => {
    const parts = shares({ items: 5000, asked: 141, by_stack: 187, discarded: 0 });
    expect(parts.map(({ key, n }) => [key, n])).toEqual([
      ["human", 141],
      ["validate", 187],
      ["open", 4672],
    ]);
  });

  it("lists new classes first, then what changed most; unmeasured is no change", () => {
    const rows = [row(0, false, 0.9, 0.91), row(1, false, 0.9, null), row(2, false, 0.9, 0.7), row(3, true, null, 0.9)];
    expect(classRows(rows).map((one) => one.class_id)).toEqual([3, 2, 0, 1]);
  });

  it("calls a change clear only when the intervals are apart", () => {
    expect(changeSaid(row(0, false, 0.9, 0.92))).toBe("+2 points, within the doubt");
    expect(changeSaid(row(0, false, 0.9, 0.7))).toBe("−20 points, clearly");
    expect(changeSaid(row(0, false, 0.9, 0.9))).toBe("the same");
    expect(changeSaid(row(0, false, 0.9, null))).toBe("not measured");
    expect(changeSaid(row(0, true, null, 0.9))).toBe("new");
  });

  it("draws a batch above the line exactly when its p is below 5%", () => {
    const point = (number: number, p: number | null) =>
      ({
        number,
        name: `w${number}`,
        created: "",
        items: 9,
        p,
        drift: p !== null && p <= 0.05,
        found: 0,
      }) as Wire["DriftPoint"];
    const bars = driftBars([point(3, 0.06), point(2, 0.04), point(1, null), point(4, 0.0001)]);
    expect(bars.map((bar) => bar.number)).toEqual([1, 2, 3, 4]);
    expect(bars.map((bar) => bar.height !== null && bar.height > LEVEL)).toEqual([false, true, false, true]);
    expect(bars[3]?.height).toBe(1);
  });
});
