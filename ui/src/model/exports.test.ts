import { expect, it } from "vitest";
import { besideSaid, command, contents, covering, type FormatCard, formatCards, total, verifyCommand } from "./exports";

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
  const [csv, folders] = formatCards({
    formats: [
      { name: "csv", suffix: ".csv", text: "" },
      { name: "folders", suffix: ".zip", text: "" },
    ],
    shape_formats: [],
  }) as [FormatCard, FormatCard];
  expect(command("dogs", folders, false)).toBe("modicum export dogs --format folders --out labels");
  expect(command("dogs", csv, true)).toBe("modicum export dogs --format csv --predictions --out labels.csv");
});

it("offers every installed format: modicum's own first, an added one in its own words", () => {
  const formats = [
    { name: "bare", suffix: ".bin", text: "" },
    { name: "zed", suffix: ".json", text: "One JSON file as nobody reads it." },
    { name: "jsonl", suffix: ".jsonl", text: "UTF-8, streamed." },
    { name: "csv", suffix: ".csv", text: "UTF-8 with a header line." },
  ];
  const cards = formatCards({ formats, shape_formats: [] });
  expect(cards.map((card) => card.title)).toEqual(["CSV", "JSONL", "bare", "zed"]);
  expect(cards[0]?.text).toContain("spreadsheet");
  expect(cards[2]?.text).toBe("Comes from an installed package.");
  expect(cards[3]).toMatchObject({ name: "zed", suffix: ".json", text: "One JSON file as nobody reads it." });
});

it("offers formats of shapes where shapes are drawn", () => {
  const shapes = [{ name: "coco", suffix: ".json", text: "" }];
  const [coco] = formatCards({ formats: [], shape_formats: shapes }, "draw") as [FormatCard];
  expect(coco.title).toBe("COCO");
  expect(command("pages", coco, false)).toBe("modicum export pages --format coco --out labels.json");
});

it("names the certificates whose facts go along: those that labels stand under, and none that proves nothing", () => {
  const one = { number: 3, route: "auto", certified: true, standing: 12 } as const;
  const found = covering([
    one,
    { ...one, number: 1 },
    { ...one, number: 2, standing: 0 },
    { ...one, number: 4, certified: false },
    { ...one, number: 5, route: "discard" },
  ]);
  expect(found).toEqual([1, 3]);
  expect(besideSaid(found)).toBe("A zip, with what the certificates 1 and 3 rest on.");
  expect(besideSaid([1, 2, 5])).toContain("certificates 1, 2 and 5 rest");
  expect(besideSaid([3])).toContain("certificate 3 rests");
  expect(verifyCommand({ name: "folders", title: "", text: "", suffix: ".zip" })).toBe("modicum verify labels");
});
