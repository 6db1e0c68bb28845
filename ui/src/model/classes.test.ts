import { describe, expect, it } from "vitest";
import { nameProblem, newNameProblem, parseClasses, withoutDuplicates } from "./classes";

describe("a typed list of classes", () => {
  it("takes commas, semicolons and lines, and trims", () => {
    expect(parseClasses(" basset,chow ;\n\n miniature poodle\r\n").map((c) => c.name)).toEqual([
      "basset",
      "chow",
      "miniature poodle",
    ]);
  });

  it("says where each name stands", () => {
    const text = "a,  long name ,b";
    const second = parseClasses(text)[1];
    expect(second && text.slice(second.start, second.end)).toBe("long name");
  });

  it("marks the second of two equal names, whatever their case", () => {
    const [first, second, third] = parseClasses("Chow, basset, CHOW");
    expect(first?.problem).toBeNull();
    expect(second?.problem).toBeNull();
    expect(third?.problem).toContain("Chow");
  });

  it("folds as the server does", () => {
    expect(parseClasses("Straße, STRASSE")[1]?.problem).not.toBeNull();
    expect(parseClasses("caf\u00e9, cafe\u0301")[1]?.problem).not.toBeNull();
  });

  it("counts characters, not code units", () => {
    expect(nameProblem("🐶".repeat(100))).toBeNull();
    expect(nameProblem("🐶".repeat(101))).toContain("101");
  });

  it("welcomes right-to-left names and refuses direction overrides", () => {
    expect(nameProblem("כלב")).toBeNull();
    expect(nameProblem("dog\u202egod")).toContain("direction");
  });

  it("compares a new name with those there are", () => {
    expect(newNameProblem("Beagle", ["beagle", "chow"])).toContain("beagle");
    expect(newNameProblem("boxer", ["beagle", "chow"])).toBeNull();
  });

  it("drops duplicates and keeps the order", () => {
    expect(withoutDuplicates("b, a, B, c, a")).toBe("b\na\nc");
  });
});
