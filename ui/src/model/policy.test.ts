import { describe, expect, it } from "vitest";
import { chosenBy, RANGES, readNumber, seedStrategies, seedStrategy, strategies, strategy } from "./policy";

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
  it("starts with the automatic one", () => {
    expect(strategies(["entropy", "auto", "margin"]).map((c) => c.name)).toEqual(["auto", "entropy", "margin"]);
  });

  it("offers the seed strategies the server names, and the one that is set", () => {
    const able = ["auto", "my-own", "random", "typical"];
    expect(seedStrategies(able, "random").map((c) => c.name)).toEqual(["typical", "my-own", "random"]);
    expect(seedStrategies(able, "margin").map((c) => c.name)).toContain("margin");
    expect(seedStrategies(able, "auto").map((c) => c.name)).toContain("auto");
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
