import { expect, it } from "vitest";
import { command, contents, total } from "./exports";

const counts = {
  items: 1000,
  labeled: 130,
  human: 120,
  holdout: 20,
  holdout_items: 200,
  pool: 870,
  auto: 0,
  discarded: 5,
  skipped: 0,
  flagged: 0,
  rejected: 0,
  duplicates: 0,
};

it("counts what the file holds by origin", () => {
  expect(contents(counts, true, false)).toEqual([
    { label: "labeled by people", n: 120 },
    { label: "came with the data", n: 10 },
  ]);
});

it("adds predictions only when they are asked for and there is a model", () => {
  expect(contents(counts, true, true).at(-1)).toEqual({ label: "predictions, marked as such", n: 865 });
  expect(contents(counts, false, true)).toHaveLength(2);
  expect(total(contents(counts, true, true))).toBe("995");
});

it("writes the command line for the same thing", () => {
  expect(command("dogs", "folders", false)).toBe("modicum export dogs --format folders --out labels");
  expect(command("dogs", "csv", true)).toBe("modicum export dogs --format csv --predictions --out labels.csv");
});
