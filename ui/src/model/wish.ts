// The wish of a certificate in words, and how many random labels it takes: the same arithmetic as engine/bounds.py.
import type { components } from "../api/schema";
import { percent } from "./figures";

type Policy = components["schemas"]["Policy"];
export type Wish = Pick<Policy, "guarantee" | "auto_error" | "auto_confidence">;

/** A share of one with the digits it was given with, up to two: "2%", "0.5%". */
export function share(value: number): string {
  const digits = [0, 1, 2].find((n) => Math.abs(value * 100 * 10 ** n - Math.round(value * 100 * 10 ** n)) < 1e-6) ?? 2;
  return percent(value, digits);
}

/** "at most 2% wrong among the auto-labels, 95% sure". */
export function wishSaid({ guarantee, auto_error, auto_confidence }: Wish): string {
  const what = guarantee === "among" ? "among the auto-labels" : "of the whole pool";
  return `at most ${share(auto_error)} wrong ${what}, ${share(auto_confidence)} sure`;
}

/** What the wish promises, in other words. */
export function wishMeans({ guarantee, auto_error, auto_confidence }: Wish): string {
  const many = (value: number, of: number) => Number((value * of).toPrecision(3));
  const of = auto_error < 0.01 ? 1000 : 100;
  const what =
    guarantee === "among"
      ? `Of ${of} auto-labels at most ${many(auto_error, of)} may be wrong`
      : `Auto-labels that are wrong may be at most ${many(auto_error, of)} of every ${of} images in the pool`;
  const certificates = auto_confidence > 0.99 ? 1000 : 100;
  return `${what}, and at least ${many(auto_confidence, certificates)} of ${certificates} certificates must keep that promise.`;
}

/** Random labels on covered images with which a model that makes no mistake shows so small an error: 149 for 2%, 95% sure. */
export function cleanNeeded(error: number, confidence: number): number {
  return Math.ceil(Math.log(1 - confidence) / Math.log(1 - error) - 1e-9);
}

/**
 * Draws from `size` items that are likely to show an error of at most `error` with `confidence`, when a share `rate` turns
 * out wrong. null when no number would do.
 */
export function drawsNeeded(size: number, error: number, confidence: number, rate: number): number | null {
  if (rate >= error || size < 1) return null;
  let low = 1;
  let high = size;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const seen = Math.ceil(rate * middle - 1e-9);
    const marked = Math.floor(error * (size - middle) + 1e-9) + seen + 1;
    const shown = marked <= size && lowerTail(seen, size, marked, middle) <= 1 - confidence + 1e-9;
    if (shown) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** P(at most k marked among `drawn` of `size`, of which `marked` are): the hypergeometric distribution. */
export function lowerTail(k: number, size: number, marked: number, drawn: number): number {
  let sum = 0;
  const whole = logChoose(size, drawn);
  for (let i = Math.max(0, drawn - (size - marked)); i <= Math.min(k, marked, drawn); i++)
    sum += Math.exp(logChoose(marked, i) + logChoose(size - marked, drawn - i) - whole);
  return Math.min(1, sum);
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** ln n!: exact sums for small n, Stirling's series with three terms above. */
function logFactorial(n: number): number {
  if (n < 16) {
    let sum = 0;
    for (let i = 2; i <= n; i++) sum += Math.log(i);
    return sum;
  }
  return (
    (n + 0.5) * Math.log(n) - n + Math.log(2 * Math.PI) / 2 + 1 / (12 * n) - 1 / (360 * n ** 3) + 1 / (1260 * n ** 5)
  );
}
