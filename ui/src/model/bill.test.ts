import { describe, expect, it } from "vitest";
import type { components } from "../api/schema";
import { amount, band, bars, barTable, costed, purposeTable, remark, spentSaid, work } from "./bill";

type Schemas = components["schemas"];

const about = (mean: number, low = mean, high = mean) => ({ mean, low, high, n: 100 });
const cost = (seconds: Schemas["Interval"], priced = true): Schemas["Cost"] => ({
  seconds,
  money: priced ? about(seconds.mean / 180, seconds.low / 180, seconds.high / 180) : null,
});
const unknown = { labels: null, cost: null, saved: null, said: "Not yet." };
const learning: Schemas["PurposeCost"] = {
  purpose: "learning",
  title: "Teaching the model",
  meaning: "chosen by a strategy",
  decisions: 100,
  taken_back: 0,
  timed: 100,
  median: 2,
  spent: cost(about(250)),
};

function bill(over: Partial<Schemas["Bill"]> = {}): Schemas["Bill"] {
  return {
    currency: "EUR",
    rate_per_hour: 20,
    items: 1000,
    labeled: 100,
    auto: 0,
    headline: "",
    notes: [],
    purposes: [learning],
    spent: cost(about(250)),
    per_label: about(2.5, 2, 3),
    per_confirmation: about(0.3, 0.1, 0.5),
    rest: { to_annotate: 300, to_validate: 600, to_audit: 0, held: 0, cost: cost(about(930, 660, 1200)), said: "" },
    everything: { labels: about(1000), cost: cost(about(2500, 2000, 3000)), saved: null, said: "" },
    random: unknown,
    budgets: [],
    ...over,
  };
}

describe("figures of the bill", () => {
  it("tells work in hours, however much it is", () => {
    expect([250, 33_000, 468_000].map(work)).toEqual(["4 min", "9 h 10 min", "130 h"]);
  });

  it("tells cents only below ten", () => {
    expect([0.617, 9.999, 183.2, 1834].map(amount)).toEqual(["0.62", "10", "183", "1,834"]);
  });

  it("leaves money out while an hour has no price, and a band where there is none", () => {
    expect(costed(cost(about(250)), "EUR")).toBe("4 min, EUR 1.39");
    expect(costed(cost(about(250), false), "EUR")).toBe("4 min");
    expect(band(cost(about(250)), "EUR")).toBe("");
    expect(band(cost(about(2500, 2000, 3000)), "EUR")).toBe("33 min to 50 min, EUR 11 to 17");
  });
});

describe("bars", () => {
  it("puts what was spent and what is left on one scale with the others, bands included", () => {
    const [ours, everything] = bars(bill());
    expect(ours?.parts).toEqual([
      { key: "spent", share: 250 / 3000 },
      { key: "rest", share: 930 / 3000 },
    ]);
    expect([ours?.low, ours?.high]).toEqual([910 / 3000, 1450 / 3000]);
    expect([everything?.key, everything?.high]).toEqual(["everything", 1]);
  });

  it("shows a random sample once it is known", () => {
    expect(bars(bill()).map((bar) => bar.key)).toEqual(["ours", "everything"]);
    const random = { ...unknown, cost: cost(about(800, 400, 1500)) };
    expect(bars(bill({ random })).map((bar) => bar.key)).toEqual(["ours", "random", "everything"]);
  });

  it("shows nothing of this way before anybody has labeled", () => {
    expect(bars(bill({ purposes: [] })).map((bar) => bar.key)).toEqual(["everything"]);
  });

  it("gives the same as a table, with as many cells as heads", () => {
    const priced = barTable(bill());
    expect(priced.head).toHaveLength(7);
    expect(new Set(priced.head.slice(4)).size).toBe(3);
    expect(priced.rows.map((row) => row.length)).toEqual([7, 7, 7]);
    const plain = bill({ rate_per_hour: null, spent: cost(about(250), false) });
    expect(barTable(plain).head).toHaveLength(4);
  });
});

describe("purposes", () => {
  it("marks what was taken back and what was estimated", () => {
    expect(remark(learning)).toBe("");
    expect(remark({ ...learning, taken_back: 2, timed: 99 })).toBe("2 taken back, 1 time estimated");
  });

  it("has data to copy", () => {
    expect(purposeTable(bill()).rows).toEqual([["Teaching the model", 100, 0, 100, "2.0", "250", "1.39"]]);
  });
});

describe("a spent budget", () => {
  it("says which one it was", () => {
    const policy = { budget: 200, budget_hours: 1.5, budget_money: 50, currency: "EUR" };
    expect(spentSaid("labels", policy)).toBe("The budget of 200 labels is spent");
    expect(spentSaid("hours", policy)).toBe("The budget of 1 h 30 min is spent");
    expect(spentSaid("money", policy)).toBe("The budget of EUR 50 is spent");
    expect(spentSaid("money", { ...policy, budget_money: null })).toBe("The budget is spent");
  });
});
