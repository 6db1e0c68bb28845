import { describe, expect, it } from "vitest";
import type { components } from "../api/schema";
import { points } from "./figures";
import {
  beforeCurve,
  classRows,
  comparable,
  confusionSaid,
  headline,
  savingNote,
  segments,
  stopping,
  vague,
} from "./progress";
import { aClass } from "./testing";

type Progress = components["schemas"]["Progress"];
type Counts = components["schemas"]["Counts"];

const counts: Counts = {
  items: 1000,
  labeled: 130,
  human: 120,
  holdout: 20,
  holdout_items: 200,
  pool: 870,
  auto: 0,
  discarded: 0,
  skipped: 0,
  flagged: 0,
  rejected: 0,
  duplicates: 0,
};

const policy = { holdout_rate: 0.15, retrain_after: null };

const accuracy = { mean: 0.92, low: 0.881, high: 0.947, n: 200 };

function progress(over: Partial<Progress> = {}): Progress {
  return {
    curve: [{ labels: 120, accuracy, extrapolated: false }],
    control: [],
    saving: null,
    forecast: null,
    counts,
    routes: {},
    classes: [],
    confusions: [],
    labels_per_hour: null,
    seconds_per_label: null,
    seconds_left: null,
    rounds: [],
    ...over,
  };
}

const round = {
  number: 1,
  strategy: "margin",
  labels: 10,
  holdout: 0,
  accuracy: null,
  temperature: 1,
  seconds: 1,
  created: "",
};

describe("what the next labels would bring", () => {
  const gain = { mean: 0.0042, low: -0.0011, high: 0.0102, n: 60 };

  it("is said in points with its interval rounded outwards", () => {
    expect(points(gain)).toEqual({ mean: "+0.4 points", range: "−0.2 to +1.1" });
    expect(points({ mean: 0, low: 0, high: 0, n: 60 })).toEqual({ mean: "±0.0 points", range: "±0.0 to ±0.0" });
  });

  it("comes with the reason to stop once the models agree", () => {
    const forecast = { more: 100, gain, agreement: 0.97, settled: false };
    expect(stopping(progress())).toBeNull();
    expect(stopping(progress({ forecast }))).toBeNull();
    expect(stopping(progress({ forecast: { ...forecast, settled: true } }))).toContain("settled");
  });
});

describe("the sentence on top", () => {
  it("gives accuracy, labels and what a random order would have needed", () => {
    const saving = { labels: 120, random_labels: { mean: 213, low: 148, high: 322, n: 5 }, note: "" };
    expect(headline(progress({ saving }))).toBe(
      "92% correct (88–95%), from 120 labels. A random order would have needed about 210 (150–320).",
    );
  });

  it("adds what the figure leaves open as a sentence", () => {
    const saving = { labels: 120, random_labels: null, note: "random labels do not get there within 900" };
    expect(savingNote(progress({ saving }))).toBe("Random labels do not get there within 900.");
    expect(savingNote(progress())).toBe("");
  });

  it("claims nothing of a random order while few held-out labels stand behind it", () => {
    const saving = { labels: 20, random_labels: { mean: 900, low: 300, high: 2000, n: 5 }, note: "extrapolated" };
    const few = progress({ saving, curve: [{ labels: 20, accuracy: { ...accuracy, n: 17 }, extrapolated: false }] });
    expect(comparable(few)).toBe(false);
    expect(headline(few)).not.toContain("random");
    expect(savingNote(few)).toBe("");
  });

  it("leaves out what is not known", () => {
    expect(headline(progress())).toBe("92% correct (88–95%), from 120 labels.");
    expect(headline(progress({ curve: [] }))).toBe("");
    expect(headline(progress(), "draw")).toContain("boxes reach 92% (88–95%) of full precision, from 120 images");
  });
});

describe("before the curve", () => {
  it("says what brings it", () => {
    const none = progress({ curve: [], counts: { ...counts, human: 0, labeled: 0 } });
    expect(beforeCurve(none, policy)?.title).toBe("The curve starts after the first 5 labels");
    expect(beforeCurve(none, policy)?.text).toContain("None so far");
    expect(beforeCurve(none, { ...policy, retrain_after: 12 })?.title).toContain("12 labels");
  });

  it("tells a missing model from a missing measurement", () => {
    const trained = progress({ curve: [], rounds: [round], counts: { ...counts, holdout: 0 } });
    expect(beforeCurve(trained, policy)?.title).toContain("not measured yet");
  });

  it("is over with the first point", () => {
    expect(beforeCurve(progress(), policy)).toBeNull();
  });
});

it("explains a wide interval while few held-out labels stand behind it", () => {
  const few = progress({ curve: [{ labels: 20, accuracy: { ...accuracy, n: 7 }, extrapolated: false }] });
  expect(vague(few)).toContain("7 held-out images");
  expect(vague(few)).toContain("too early to compare");
  expect(vague(progress())).toBeNull();
});

describe("counts by route", () => {
  it("counts every item once", () => {
    const bar = segments(counts, { validate: 400, annotate: 300, hold: 50 });
    expect(bar.reduce((sum, part) => sum + part.n, 0)).toBe(counts.items);
    expect(bar.find((part) => part.key === "import")?.n).toBe(10);
    expect(bar.find((part) => part.key === "open")?.n).toBe(120);
  });

  it("leaves out what is empty", () => {
    expect(segments({ ...counts, items: 0, labeled: 0, human: 0, pool: 0 }, {})).toEqual([]);
  });
});

describe("the classes table", () => {
  const classes = ["basset", "chow", "poodle", "gone"].map((name, id) => aClass(id, name, { archived: id === 3 }));
  const facts = progress({
    classes: [
      { class_id: 0, labeled: 5, predicted: 9, accuracy: { ...accuracy, mean: 0.5 } },
      { class_id: 1, labeled: 8, predicted: 2, accuracy: null },
      { class_id: 2, labeled: 1, predicted: 7, accuracy },
      { class_id: 3, labeled: 0, predicted: 0, accuracy: null },
    ],
  });

  it("sorts by count and by accuracy, the unknown last both ways", () => {
    const order = (by: "labeled" | "accuracy", descending: boolean) =>
      classRows(facts, classes, by, descending).map((r) => r.name);
    expect(order("labeled", true)).toEqual(["chow", "basset", "poodle"]);
    expect(order("accuracy", false)).toEqual(["basset", "poodle", "chow"]);
    expect(order("accuracy", true)).toEqual(["poodle", "basset", "chow"]);
  });

  it("shows classes nobody has used yet, and archived ones only with labels", () => {
    expect(classRows(progress(), classes, "name", false).map((r) => r.name)).toEqual(["basset", "chow", "poodle"]);
  });
});

it("says a confusion in words", () => {
  const name = (id: number) => ["basset", "beagle"][id] ?? "";
  expect(confusionSaid({ actual: 0, predicted: 1, count: 4, items: [] }, name)).toBe(
    "basset taken for beagle, 4 times",
  );
  expect(confusionSaid({ actual: 1, predicted: 0, count: 1, items: [] }, name)).toBe("beagle taken for basset, once");
});
