import { describe, expect, it } from "vitest";
import { kindOf, pathProblem, sortDropped, suggestName } from "./sources";

const file = (path: string, size = 10) => ({ path, size });

describe("what was dropped", () => {
  it("takes images, zips and tables by their ending", () => {
    expect(kindOf("a/b.JPG")).toBe("image");
    expect(kindOf("b.tar.zip")).toBe("zip");
    expect(kindOf("list.jsonl")).toBe("table");
    expect(kindOf("notes.txt")).toBeNull();
    expect(kindOf(".jpg")).toBeNull();
  });

  it("lists what is left behind and why", () => {
    const sorted = sortDropped([file("d/a.jpg"), file("d/.DS_Store"), file("d/readme.md"), file("d/b.png", 0)]);
    expect(sorted.taken.map((f) => f.path)).toEqual(["d/a.jpg"]);
    expect(sorted.left.map((l) => l.reason)).toEqual([
      "a hidden or system file",
      "not an image, zip or table",
      "empty",
    ]);
    expect(sorted.problem).toBeNull();
    expect(sorted.bytes).toBe(10);
  });

  it("says so when nothing can be used", () => {
    expect(sortDropped([]).problem).toContain("Nothing");
    expect(sortDropped([file("a.txt"), file("b.txt")]).problem).toContain("2 files");
  });

  it("takes one zip or one table alone", () => {
    expect(sortDropped([file("a.zip")]).problem).toBeNull();
    expect(sortDropped([file("a.csv")]).problem).toBeNull();
    expect(sortDropped([file("a.zip"), file("b.csv")]).problem).toContain("One zip or one table");
  });

  it("lets images win over the zip or table beside them", () => {
    const sorted = sortDropped([file("d/old.zip"), file("d/1.jpg"), file("d/facts.csv")]);
    expect(sorted.problem).toBeNull();
    expect(sorted.taken.map((f) => f.path)).toEqual(["d/1.jpg"]);
    expect(sorted.left.map((l) => l.reason)).toEqual(Array(2).fill("beside images; drop it alone, or type its path"));
    expect([sorted.images, sorted.zips, sorted.tables]).toEqual([1, 0, 0]);
  });

  it("finds class folders only when there are at least two", () => {
    expect(
      sortDropped([file("dogs/chow/1.jpg"), file("dogs/basset/1.jpg"), file("dogs/basset/2.jpg")]).folders,
    ).toEqual(["basset", "chow"]);
    expect(sortDropped([file("photos/1.jpg"), file("photos/2.jpg")]).folders).toEqual([]);
  });

  it("suggests a name", () => {
    expect(suggestName(["street_signs/a/1.jpg", "street_signs/b/2.jpg"])).toBe("street signs");
    expect(suggestName(["signs/1.jpg"])).toBe("signs");
    expect(suggestName(["photos.zip"])).toBe("photos");
    expect(suggestName(["/data/my dogs/"])).toBe("my dogs");
    expect(suggestName(["C:\\data\\cats"])).toBe("cats");
    expect(suggestName(["a.jpg", "b.jpg"])).toBe("");
    expect(suggestName([])).toBe("");
  });
});

describe("a typed path", () => {
  it("is whole and on this machine", () => {
    expect(pathProblem("/data/dogs with spaces")).toBeNull();
    expect(pathProblem("~/dogs")).toBeNull();
    expect(pathProblem("C:\\dogs")).toBeNull();
    expect(pathProblem("")).toContain("Type the path");
    expect(pathProblem("dogs")).toContain("whole path");
    expect(pathProblem("s3://bucket/dogs")).toContain("not read yet");
  });
});
