// The figures of the Validate page: how many items lie above a confidence, and how many errors to expect among them.

import type { components } from "../api/schema";
import type { Interval } from "./figures";

type Wire = components["schemas"];

/** Items of one class whose confidence lies in bins that begin at or above this confidence. */
export function countAbove(histogram: readonly number[], above: number): number {
  const first = Math.ceil(above * histogram.length - 1e-9);
  return histogram.slice(first).reduce((sum, n) => sum + n, 0);
}

/** Items of all classes above a confidence. */
export function readyCount(view: Wire["ValidateView"], above: number): number {
  return view.classes.reduce((sum, one) => sum + countAbove(one.histogram, above), 0);
}

/**
 * Share of wrong answers among the blind holdout labels above a confidence, with its 95% Wilson interval (Wilson 1927).
 * None when no holdout label lies there: then nothing is known.
 */
export function errorRate(errors: Wire["ValidateView"]["holdout_errors"], above: number): Interval | null {
  const there = errors.filter(([confidence]) => confidence >= above);
  const n = there.length;
  if (n === 0) return null;
  const mean = there.filter(([, wrong]) => wrong).length / n;
  const z = 1.959964;
  const centre = (mean + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((mean * (1 - mean)) / n + (z * z) / (4 * n * n));
  return { mean, low: Math.max(0, centre - half), high: Math.min(1, centre + half), n };
}

/** How many of `items` are expected to be wrong, as a count with its interval. */
export function expectedWrong(rate: Interval, items: number): Interval {
  return { mean: rate.mean * items, low: rate.low * items, high: rate.high * items, n: rate.n };
}
