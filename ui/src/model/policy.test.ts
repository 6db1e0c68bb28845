import { describe, expect, it } from "vitest";
import {
  additions,
  chosenBy,
  hasAddition,
  RANGES,
  readNumber,
  seedStrategies,
  seedStrategy,
  strategies,
  strategy,
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
