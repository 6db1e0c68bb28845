import { expect, it } from "vitest";
import type { components } from "../api/schema";
import { fileSaid, importSaid, pace, running, sourceSaid } from "./importing";

type Job = components["schemas"]["Job"];

const job = (over: Partial<Job>): Job => ({
  id: 1,
  project_id: 1,
  kind: "import",
  args: {},
  state: "running",
  done: 300,
  total: 1000,
  added: 290,
  duplicates: 8,
  rejected: 2,
  message: "",
  created: "",
  updated: "",
  ...over,
});

it("says what an import is doing", () => {
  expect(importSaid(null)).toContain("Nothing");
  expect(importSaid(job({ state: "queued" }))).toContain("turn");
  expect(importSaid(job({ total: 0, done: 0 }))).toBe("Looking for images.");
  expect(importSaid(job({}))).toBe("300 of 1,000 files: 290 images added, 8 duplicates, 2 rejected.");
});

it("says how it ended and that nothing is lost", () => {
  expect(importSaid(job({ state: "done", duplicates: 0, rejected: 0 }))).toBe("Finished: 290 images added.");
  expect(importSaid(job({ state: "failed" }))).toContain("stays in");
  expect(importSaid(job({ state: "cancelled" }))).toMatch(/^Cancelled after 300 files/);
});

it("tells speed and time left only while both are known", () => {
  expect(pace(job({}), 140)).toBe("140 a second, a few seconds left");
  expect(pace(job({ total: 50_000 }), 140)).toBe("140 a second, about 6 min left");
  expect(pace(job({}), null)).toBe("");
  expect(pace(job({ total: 0 }), 140)).toBe("140 a second");
  expect(pace(job({ state: "done" }), 140)).toBe("");
});

it("names a path, and an upload for what it was", () => {
  expect(sourceSaid(job({ args: { source: "/data/my dogs" } }))).toBe("/data/my dogs");
  expect(sourceSaid(job({ args: { source: "/home/me/modicum/uploads/0123456789abcdef/a.zip" } }))).toContain("browser");
});

it("writes a file's address as a person knows it", () => {
  expect(fileSaid("file:///data/my%20dogs/1.jpg")).toBe("/data/my dogs/1.jpg");
  expect(fileSaid("file:///home/me/uploads/0123456789abcdef/dogs/chow/1.jpg")).toBe("dogs/chow/1.jpg");
  expect(fileSaid("zip:///data/a.zip!/inner/1.jpg")).toBe("/data/a.zip › inner/1.jpg");
  expect(fileSaid("file:///data/100%.jpg")).toBe("/data/100%.jpg");
});

it("knows when something still runs", () => {
  expect(running(job({}))).toBe(true);
  expect(running(job({ state: "queued" }))).toBe(true);
  expect(running(job({ state: "failed" }))).toBe(false);
  expect(running(null)).toBe(false);
});
