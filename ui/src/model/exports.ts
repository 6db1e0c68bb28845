// What an export holds, by whom it was settled, and the command line for the same thing.

import type { components } from "../api/schema";
import { count } from "./figures";

/** A format as the page offers it; `suffix` is how its file ends. */
export interface FormatCard {
  name: string;
  title: string;
  text: string;
  suffix: string;
}

/** What modicum ships, in the order it is offered. */
const SHIPPED: ReadonlyMap<string, [title: string, text: string]> = new Map([
  ["csv", ["CSV", "One row for each image. Opens in any spreadsheet."]],
  ["jsonl", ["JSONL", "One JSON object on each line. For scripts and training code."]],
  ["folders", ["Class folders", "A zip with the images, one folder for each class."]],
]);

/** The installed formats to choose from: those modicum ships first, then what packages add, in their own words. */
export function formatCards(installed: readonly components["schemas"]["FormatView"][]): FormatCard[] {
  const order = [...SHIPPED.keys()];
  const place = (name: string) => (SHIPPED.has(name) ? order.indexOf(name) : order.length);
  return [...installed]
    .sort((a, b) => place(a.name) - place(b.name) || a.name.localeCompare(b.name))
    .map(({ name, suffix, text }) => {
      const [title, explanation] = SHIPPED.get(name) ?? [name, text || "Comes from an installed package."];
      return { name, title, text: explanation, suffix };
    });
}

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
export function command(slug: string, format: FormatCard, predictions: boolean): string {
  const out = format.name === "folders" ? "labels" : `labels${format.suffix}`;
  return `modicum export ${slug} --format ${format.name}${predictions ? " --predictions" : ""} --out ${out}`;
}
