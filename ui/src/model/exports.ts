// What an export holds, by whom it was settled, and the command line for the same thing.

import type { components } from "../api/schema";
import { count } from "./figures";

export type Format = "csv" | "jsonl" | "folders";

export interface FormatCard {
  name: Format;
  title: string;
  text: string;
  file: string;
}

export const FORMATS: readonly FormatCard[] = [
  { name: "csv", title: "CSV", text: "One row for each image. Opens in any spreadsheet.", file: "labels.csv" },
  {
    name: "jsonl",
    title: "JSONL",
    text: "One JSON object on each line. For scripts and training code.",
    file: "labels.jsonl",
  },
  {
    name: "folders",
    title: "Class folders",
    text: "A zip with the images, one folder for each class.",
    file: "labels.zip",
  },
];

export interface Part {
  label: string;
  n: number;
}

/** What the file will hold, by origin; empty origins are left out. Predictions are for the items without a label. */
export function contents(
  counts: components["schemas"]["Counts"],
  predicted: boolean,
  withPredictions: boolean,
): Part[] {
  const parts: Part[] = [
    { label: "labeled by people", n: counts.human },
    { label: "came with the data", n: Math.max(0, counts.labeled - counts.human - counts.auto) },
    { label: "labeled by the model under a guarantee", n: counts.auto },
  ];
  if (withPredictions && predicted) {
    const open = Math.max(0, counts.items - counts.labeled - counts.discarded);
    parts.push({ label: "predictions, marked as such", n: open });
  }
  return parts.filter((part) => part.n > 0);
}

export function total(parts: readonly Part[]): string {
  return count(parts.reduce((sum, part) => sum + part.n, 0));
}

/** The same export from a terminal; class folders are written as a folder there, not as a zip. */
export function command(slug: string, format: Format, predictions: boolean): string {
  const out = format === "folders" ? "labels" : `labels.${format}`;
  return `modicum export ${slug} --format ${format}${predictions ? " --predictions" : ""} --out ${out}`;
}
