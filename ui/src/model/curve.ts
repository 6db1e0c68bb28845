// The learning curve as numbers: what is drawn, what hovering reads, what "copy data" copies, what the text equivalent says.

import type { Interval } from "./figures";
import { counted, percent, withRange } from "./figures";

export interface Point {
  labels: number;
  accuracy: Interval;
  extrapolated: boolean;
}

/** Aligned columns, one value per entry of `labels`; null where a series has no point. Shares are fractions of one. */
export interface Columns {
  labels: number[];
  accuracy: (number | null)[];
  /** The random control as far as it was measured. */
  control: (number | null)[];
  /** The random control beyond that; starts at the last measured point so that the line does not break. */
  beyond: (number | null)[];
}

function ordered(points: readonly Point[]): Point[] {
  return [...points].sort((a, b) => a.labels - b.labels);
}

/** An accuracy of fewer images jumps about so much that a line through it misleads. */
export const FEWEST = 5;

/** So many times today's labels the random control is followed when it never gets as far. */
const REACH = 4;

export interface Drawn {
  curve: readonly Point[];
  control: readonly Point[];
  /** Points that stand in the table only, because too few images are behind them. */
  hidden: number;
}

/** What is drawn of what is known: no accuracy of a handful of images, and of the control no more than the comparison needs. */
export function drawn(curve: readonly Point[], control: readonly Point[]): Drawn {
  const firm = ordered(curve).filter((point) => point.accuracy.n >= FEWEST);
  const shown = firm.length > 0 ? firm : ordered(curve);
  const last = shown.at(-1);
  if (!last) return { curve: shown, control, hidden: 0 };
  const line = ordered(control);
  const level = line.findIndex((point) => point.labels >= last.labels && point.accuracy.mean >= last.accuracy.mean);
  const near = level >= 0 ? line.slice(0, level + 1) : line.filter((point) => point.labels <= REACH * last.labels);
  return { curve: shown, control: near, hidden: curve.length - shown.length };
}

function column(labels: readonly number[], points: readonly Point[]): (number | null)[] {
  const at = new Map(points.map((point) => [point.labels, point.accuracy.mean]));
  return labels.map((x) => at.get(x) ?? null);
}

export function columns(curve: readonly Point[], control: readonly Point[]): Columns {
  const labels = [...new Set([...curve, ...control].map((point) => point.labels))].sort((a, b) => a - b);
  const measured = ordered(control).filter((point) => !point.extrapolated);
  const further = ordered(control).filter((point) => point.extrapolated);
  const hinge = measured.at(-1);
  return {
    labels,
    accuracy: column(labels, curve),
    control: column(labels, measured),
    beyond: column(labels, further.length > 0 && hinge ? [hinge, ...further] : further),
  };
}

/** The outline of a band: (labels, low, high), ordered. */
export function band(points: readonly Point[]): [number, number, number][] {
  return ordered(points).map((point) => [point.labels, point.accuracy.low, point.accuracy.high]);
}

/** Where the drawn line stands at so many labels; null outside of it. Between two points the line is straight. */
export function readLine(points: readonly Point[], labels: number): Point | null {
  const line = ordered(points);
  const next = line.findIndex((point) => point.labels >= labels);
  const right = line[next];
  if (!right) return null;
  if (right.labels === labels) return right;
  const left = line[next - 1];
  if (!left) return null;
  const t = (labels - left.labels) / (right.labels - left.labels);
  const between = (a: number, b: number): number => a + t * (b - a);
  return {
    labels,
    extrapolated: right.extrapolated,
    accuracy: {
      mean: between(left.accuracy.mean, right.accuracy.mean),
      low: between(left.accuracy.low, right.accuracy.low),
      high: between(left.accuracy.high, right.accuracy.high),
      n: Math.min(left.accuracy.n, right.accuracy.n),
    },
  };
}

/** One line under the pointer: "At 120 labels: 92% (88–95%); in random order 85% (80–89%)." */
export function reading(curve: readonly Point[], control: readonly Point[], labels: number): string {
  const own = readLine(curve, labels);
  const random = readLine(control, labels);
  const said: string[] = [];
  if (own) said.push(`${withRange(own.accuracy)} correct`);
  if (random)
    said.push(
      `in random order ${withRange(random.accuracy)}${random.extrapolated ? ", estimated beyond the data" : ""}`,
    );
  return said.length > 0 ? `At ${counted(labels, "label")}: ${said.join("; ")}.` : "";
}

/**
 * The share the picture's lower edge stands at: a step of ten points below both lines and the newest interval, so that
 * change can be seen. The wide bands of the first few labels may run out of the picture.
 */
export function floor(curve: readonly Point[], control: readonly Point[]): number {
  const newest = ordered(curve).at(-1)?.accuracy.low ?? 1;
  const lowest = Math.min(newest, ...curve.map((p) => p.accuracy.mean), ...control.map((p) => p.accuracy.mean));
  return Math.max(0, Math.min(0.9, Math.floor(lowest * 10) / 10));
}

export interface Table {
  head: string[];
  rows: (string | number)[][];
}

/** Every point drawn, for the table and for "copy data". */
export function curveTable(curve: readonly Point[], control: readonly Point[]): Table {
  const row = (kind: string, point: Point): (string | number)[] => {
    const { mean, low, high, n } = point.accuracy;
    return [kind, point.labels, mean.toFixed(4), low.toFixed(4), high.toFixed(4), n];
  };
  return {
    head: ["series", "labels", "accuracy", "low", "high", "n"],
    rows: [
      ...ordered(curve).map((point) => row("model", point)),
      ...ordered(control).map((point) => row(point.extrapolated ? "random, estimated" : "random", point)),
    ],
  };
}

/** Tab-separated, as a spreadsheet pastes it. */
export function tabbed(table: Table): string {
  return [table.head, ...table.rows].map((row) => row.join("\t")).join("\n");
}

/** What the picture shows, said in words. */
export function described(curve: readonly Point[], control: readonly Point[]): string {
  const line = ordered(curve);
  const first = line[0];
  const last = line.at(-1);
  if (!first || !last) return "No accuracy has been measured yet.";
  const way =
    first.labels === last.labels
      ? `${percent(last.accuracy.mean)} correct with ${counted(last.labels, "label")}.`
      : `From ${percent(first.accuracy.mean)} correct with ${counted(first.labels, "label")} to ${percent(last.accuracy.mean)} with ${counted(last.labels, "label")}.`;
  const random = readLine(control, last.labels);
  return random ? `${way} Random labels reach ${percent(random.accuracy.mean)} with as many.` : way;
}
