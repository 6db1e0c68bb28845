import { expect, it } from "vitest";
import { keyInUse, keyProblem, renameProblem } from "./classEdit";
import { aClass } from "./testing";

const classes = [aClass(0, "basset"), aClass(1, "chow", { key: "c" }), aClass(2, "poodle", { archived: true })];

it("lets a class keep its name and take that of an archived one", () => {
  expect(renameProblem("Basset", 0, classes)).toBeNull();
  expect(renameProblem("Basset", 1, classes)).toContain("basset");
  expect(renameProblem("poodle", null, classes)).toBeNull();
  expect(renameProblem(" ", 0, classes)).toContain("at least one");
});

it("refuses keys that do something else or belong to somebody else", () => {
  expect(keyProblem("", 0, classes)).toBeNull();
  expect(keyProblem("b", 0, classes)).toBeNull();
  expect(keyProblem("C", 0, classes)).toContain("chow");
  expect(keyProblem("c", 1, classes)).toBeNull();
  expect(keyProblem("x", 0, classes)).toContain("something else");
  expect(keyProblem("ab", 0, classes)).toContain("one character");
});

it("shows the key that was dealt where none was chosen", () => {
  expect(keyInUse(0, classes)).toBe("1");
  expect(keyInUse(1, classes)).toBe("c");
});
