// Progress in sentences and series: where the project stands, why the curve may be empty or vague, who labeled what.

import type { components } from "../api/schema";
import { about, count, counted, withRange } from "./figures";

type Schemas = components["schemas"];
type Progress = Schemas["Progress"];
type Policy = Pick<Schemas["Policy"], "holdout_rate" | "retrain_after">;

/** Below so many holdout labels the interval is so wide that the page explains it. */
const FEW_HOLDOUT = 50;

/** The first round that trains needs so many labels unless the policy says otherwise (types.Policy.retrain_after). */
const FIRST_LABELS = 5;

/** Below so many the random control, made from the same labels, is a guess: nothing is said or drawn of it. */
const ENOUGH_TO_COMPARE = 30;

/** Whether enough held-out labels stand behind a comparison with a random order. */
export function comparable(progress: Progress): boolean {
  return (latest(progress)?.accuracy.n ?? 0) >= ENOUGH_TO_COMPARE;
}

/** The newest measured accuracy, with the labels it took. */
export function latest(progress: Progress): Schemas["CurvePoint"] | null {
  return progress.curve.at(-1) ?? null;
}

type Task = Schemas["Schema"]["task"];

/** "92% correct (88–95%), from 120 labels. A random order would have needed about 210 (150–320)." Empty before the first accuracy; boxes have a mean average precision. */
export function headline(progress: Progress, task: Task = "classify"): string {
  const point = latest(progress);
  if (!point) return "";
  const [mean, range] = withRange(point.accuracy).split(" ");
  const first =
    task === "draw"
      ? `The model's boxes reach ${mean} ${range} of full precision, from ${counted(point.labels, "image")}.`
      : `${mean} correct ${range}, from ${counted(point.labels, "label")}.`;
  const random = progress.saving?.random_labels;
  if (!random || !comparable(progress)) return first;
  const spread = random.low === random.high ? "" : ` (${about(random.low)}–${about(random.high)})`;
  return `${first} A random order would have needed about ${about(random.mean)}${spread}.`;
}

/** Why it may be time to stop; null while it is not. */
export function stopping(progress: Progress): string | null {
  const { forecast } = progress;
  if (!forecast?.settled) return null;
  return "The predictions have settled: the last three models agree in nearly everything. More labels will hardly change them; validate what is left.";
}

/** What the saving's figure leaves open, as a sentence; "" when nothing. */
export function savingNote(progress: Progress): string {
  const note = comparable(progress) ? (progress.saving?.note.trim() ?? "") : "";
  return note === "" ? "" : `${note.charAt(0).toUpperCase()}${note.slice(1)}${/[.?]$/.test(note) ? "" : "."}`;
}

/** Why there is no curve yet and what brings it; null once there is one. */
export function beforeCurve(progress: Progress, policy: Policy): { title: string; text: string } | null {
  if (progress.curve.length > 0) return null;
  const { items, human, holdout } = progress.counts;
  if (items === 0)
    return { title: "No images yet", text: "Import some, label a few, and the learning curve appears here." };
  if (!progress.rounds.some((round) => round.labels > 0)) {
    const need = policy.retrain_after ?? FIRST_LABELS;
    return {
      title: `The curve starts after the first ${counted(need, "label")}`,
      text: `${human === 0 ? "None so far." : `${counted(human, "label")} so far.`} Then a model trains in about a second, and every round adds a point.`,
    };
  }
  return {
    title: "A model is trained; how good it is, is not measured yet",
    text: `Some images are held out: shown without a suggestion, never trained on. ${holdout === 0 ? "None of them has been labeled yet" : `${counted(holdout, "of them has", "of them have")} been labeled`}. They come up among the others, and the curve starts with the next round after that.`,
  };
}

/** Why the interval is wide, while few holdout labels stand behind it; null when enough do. */
export function vague(progress: Progress, task: Task = "classify"): string | null {
  const point = latest(progress);
  if (!point || point.accuracy.n >= FEW_HOLDOUT) return null;
  const compared =
    comparable(progress) || task === "draw" ? "" : ", and it is too early to compare with a random order";
  return `Measured on only ${counted(point.accuracy.n, "held-out image")}, so the interval is wide${compared}. Labeling more of them helps; they come up by themselves.`;
}

export interface Segment {
  key: "human" | "import" | "auto" | "validate" | "annotate" | "hold" | "discard" | "open";
  label: string;
  /** What it means, for the text equivalent and the hover. */
  meaning: string;
  n: number;
}

/** Every item once, by what has happened or will happen to it. */
export function segments(counts: Schemas["Counts"], routes: Record<string, number>): Segment[] {
  const imported = Math.max(0, counts.labeled - counts.human - counts.auto);
  const rows: Segment[] = [
    { key: "human", label: "Labeled by people", meaning: "one by one or on the Validate page", n: counts.human },
    { key: "import", label: "Labels that came with the data", meaning: "from class folders or a table", n: imported },
    { key: "auto", label: "Labeled by the model", meaning: "under a guarantee", n: counts.auto },
    {
      key: "validate",
      label: "Ready to validate",
      meaning: "the model is sure; a glance confirms them",
      n: routes.validate ?? 0,
    },
    {
      key: "annotate",
      label: "To annotate",
      meaning: "the model is unsure; a label teaches most",
      n: routes.annotate ?? 0,
    },
    { key: "hold", label: "On hold", meaning: "waiting for a later round", n: routes.hold ?? 0 },
    { key: "discard", label: "Discarded", meaning: "not of interest", n: counts.discarded },
  ];
  const known = rows.reduce((sum, row) => sum + row.n, 0);
  rows.push({
    key: "open",
    label: "Not looked at yet",
    meaning: "no model has seen them, or they are held out",
    n: Math.max(0, counts.items - known),
  });
  return rows.filter((row) => row.n > 0);
}

export interface ClassRow {
  id: number;
  name: string;
  archived: boolean;
  labeled: number;
  predicted: number;
  accuracy: Schemas["Interval"] | null;
}

export type ClassOrder = "name" | "labeled" | "predicted" | "accuracy";

/** The classes with their names, sorted; where accuracy is not known, last. Equal ones keep the order of the schema. */
export function classRows(
  progress: Progress,
  classes: readonly Schemas["Class"][],
  by: ClassOrder,
  descending: boolean,
): ClassRow[] {
  const facts = new Map(progress.classes.map((entry) => [entry.class_id, entry]));
  const rows = classes
    .map((entry): ClassRow => {
      const own = facts.get(entry.id);
      return {
        id: entry.id,
        name: entry.name,
        archived: entry.archived ?? false,
        labeled: own?.labeled ?? 0,
        predicted: own?.predicted ?? 0,
        accuracy: own?.accuracy ?? null,
      };
    })
    .filter((row) => !row.archived || row.labeled > 0);
  const sign = descending ? -1 : 1;
  return rows.sort((a, b) => {
    if (by === "name") return sign * a.name.localeCompare(b.name);
    if (by !== "accuracy") return sign * (a[by] - b[by]);
    if (!a.accuracy || !b.accuracy) return Number(a.accuracy === null) - Number(b.accuracy === null);
    return sign * (a.accuracy.mean - b.accuracy.mean);
  });
}

/** "basset taken for beagle, 4 times". */
export function confusionSaid(confusion: Schemas["Confusion"], name: (id: number) => string): string {
  return `${name(confusion.actual)} taken for ${name(confusion.predicted)}, ${confusion.count === 1 ? "once" : `${count(confusion.count)} times`}`;
}
