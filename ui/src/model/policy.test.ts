import { describe, expect, it } from "vitest";
import {
  additions,
  chosenBy,
  fromTyped,
  hasAddition,
  RANGES,
  readNumber,
  recognisedChoices,
  seedStrategies,
  seedStrategy,
  strategies,
  strategy,
  sureChoices,
  toTyped,
  withAddition,
  withBase,
} from "./policy";

describe("strategies", () => {
  it("are explained in plain words", () => {
    expect(strategy("margin").explanation).toContain("least sure about between two classes");
    expect(seedStrategy("typical").title).toBe("Typical and different");
  });

  it("of a round may be one that seeds", () => {
    expect(chosenBy("typical").title).toBe("Typical and different");
    expect(chosenBy("margin").title).toBe("Margin");
  });

  it("from an extension keep their name", () => {
    expect(strategy("my-own")).toMatchObject({ name: "my-own", title: "my-own" });
  });
});

describe("what there is to choose", () => {
  const named = (choices: { name: string }[]) => choices.map((one) => one.name);

  it("starts with the automatic one, and keeps the rare ones apart", () => {
    const { common, others } = strategies(["badge", "auto", "multilabel-margin", "margin", "my-own"], "auto");
    expect(named(common)).toEqual(["auto", "margin"]);
    expect(named(others)).toEqual(["badge", "my-own"]);
  });

  it("holds what is set, with its parameter and its additions", () => {
    const { others } = strategies(["auto", "medium-confidence"], "medium-confidence:0.3+dense");
    expect(others).toMatchObject([{ name: "medium-confidence:0.3", title: "Medium confidence (0.3)" }]);
  });

  it("offers the seed strategies the server names, and the one that is set", () => {
    const able = ["auto", "my-own", "random", "typical"];
    const { common, others } = seedStrategies(able, "random");
    expect([...named(common), ...named(others)]).toEqual(["typical", "random", "my-own"]);
    expect(named(seedStrategies(able, "margin").others)).toContain("margin");
    expect(named(seedStrategies(able, "auto").others)).toContain("auto");
  });

  it("adds to a strategy and takes away again, in the order that is applied", () => {
    expect(additions(["distinct", "dense", "cheap"]).map((one) => one.name)).toEqual(["dense", "distinct"]);
    const both = withAddition(withAddition("margin", "distinct", true), "dense", true);
    expect(both).toBe("margin+dense+distinct");
    expect(withBase(both, "entropy")).toBe("entropy+dense+distinct");
    expect(withAddition("margin+explore:0.3", "explore", false)).toBe("margin");
    expect(hasAddition("margin+explore:0.3", "explore")).toBe(true);
    expect(hasAddition("margin", "explore")).toBe(false);
    expect(chosenBy("margin+dense").title).toBe("Margin, no outliers");
  });
});

describe("a typed number", () => {
  it("may be empty where that means something", () => {
    expect(readNumber(" ", RANGES.budget)).toEqual({ value: null, problem: null });
    expect(readNumber("", RANGES.lease_s).problem).toContain("from 5 to 86,400");
  });

  it("is read with separators and per cent signs", () => {
    expect(readNumber("1,000", RANGES.budget).value).toBe(1000);
    expect(readNumber("92.5 %", RANGES.validate_above).value).toBe(92.5);
  });

  it("says what was received and what is allowed", () => {
    expect(readNumber("2.5", RANGES.budget).problem).toMatch(/2\.5.*whole number.*or nothing/);
    expect(readNumber("80", RANGES.holdout_rate).problem).toContain("from 0 to 50");
    expect(readNumber("many", RANGES.retrain_after).problem).toContain("many");
  });
});

describe("a number of the policy in its field", () => {
  it("is a share in percent, and comes back as it was", () => {
    for (const stored of [0.29, 0.02, 0.005, 0.95, 0.007]) {
      expect(fromTyped(Number(toTyped(stored, RANGES.auto_error)), RANGES.auto_error)).toBe(stored);
    }
    expect(toTyped(0.29, RANGES.validate_above)).toBe("29");
    expect(toTyped(null, RANGES.auto_threshold)).toBe("");
    expect(fromTyped(null, RANGES.auto_threshold)).toBeNull();
  });

  it("is no share when it counts something", () => {
    expect(toTyped(0.5, RANGES.budget_hours)).toBe("0.5");
    expect(fromTyped(190, RANGES.calibration)).toBe(190);
  });
});

describe("what becomes of items", () => {
  it("is explained, every choice in a line", () => {
    expect(sureChoices().map((one) => one.name)).toEqual(["validate", "annotate", "hold"]);
    expect(recognisedChoices().map((one) => one.name)).toEqual(["off", "auto", "discard", "validate", "hold"]);
    expect([...sureChoices(), ...recognisedChoices()].every((one) => one.explanation.endsWith("."))).toBe(true);
  });
});
