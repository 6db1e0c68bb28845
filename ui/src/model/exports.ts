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
  ["coco", ["COCO", "One JSON file: boxes, polygons, masks and keypoints."]],
  ["yolo", ["YOLO boxes", "A text file for each image, for training a detector."]],
  ["yolo-segment", ["YOLO outlines", "A text file for each image, for training a segmenter."]],
  ["yolo-obb", ["YOLO turned boxes", "A text file for each image, boxes of any direction."]],
  ["yolo-pose", ["YOLO keypoints", "A text file for each image, boxes with keypoints."]],
  ["voc", ["Pascal VOC", "An XML file for each image, boxes only."]],
  ["cvat", ["CVAT for images 1.1", "One XML file, to go on in CVAT."]],
  ["label-studio", ["Label Studio", "One JSON file of tasks, to go on in Label Studio."]],
  ["labelme", ["LabelMe", "A JSON file for each image."]],
  ["csv", ["CSV", "One row for each image. Opens in any spreadsheet."]],
  ["jsonl", ["JSONL", "One JSON object on each line. For scripts and training code."]],
  ["folders", ["Class folders", "A zip with the images, one folder for each class."]],
]);

/** The installed formats to choose from: those modicum ships first, then what packages add, in their own words. */
export function formatCards(
  me: Pick<components["schemas"]["Me"], "formats" | "shape_formats"> | undefined,
  task: "classify" | "draw" = "classify",
): FormatCard[] {
  const installed = (task === "draw" ? me?.shape_formats : me?.formats) ?? [];
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

/** The same export from a terminal; what is a zip here is written as a folder there. */
export function command(slug: string, format: FormatCard, predictions: boolean): string {
  return `modicum export ${slug} --format ${format.name}${predictions ? " --predictions" : ""} --out ${written(format)}`;
}

function written(format: FormatCard): string {
  return format.suffix === ".zip" ? "labels" : `labels${format.suffix}`;
}

/** Computes the certificates of that export again, and holds the labels against them. */
export function verifyCommand(format: FormatCard): string {
  return `modicum verify ${written(format)}`;
}

type Certificate = Pick<components["schemas"]["CertificateView"], "number" | "route" | "certified" | "standing">;

/** The certificates that labels in an export stand under, by number. */
export function covering(certificates: readonly Certificate[]): number[] {
  return certificates
    .filter((one) => one.certified && one.route === "auto" && one.standing > 0)
    .map((one) => one.number)
    .sort((a, b) => a - b);
}

/** What is put beside the labels on their account. */
export function besideSaid(numbers: readonly number[]): string {
  const [first, ...more] = numbers;
  if (first === undefined) return "";
  const last = more.pop();
  if (last === undefined) return `A zip, with what certificate ${first} rests on.`;
  return `A zip, with what the certificates ${[first, ...more].join(", ")} and ${last} rest on.`;
}
