// Auto-labels and their certificates in words: what a point of the picture would cost, and how a certificate stands.
import type { components } from "../api/schema";
import type { Table } from "./curve";
import { about, count, counted, countRange, duration, type Interval, percent, withRange } from "./figures";
import { drawsNeeded, share, type Wish, wishSaid } from "./wish";

type Schemas = components["schemas"];
export type Point = Schemas["CoveragePoint"];
export type Certificate = Schemas["CertificateView"];
type Certificates = Schemas["Certificates"];
type Recognised = Schemas["Policy"]["recognised"];

// --- the picture -------------------------------------------------------------------------------------------------------

/** Errors people wish for; a point of the picture is rounded up to one of them. */
const ROUND_ERRORS = [
  0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4,
];

/** The operating point is where the holdout shows at most this share of the error allowed, as in engine/wish.py. */
const PART = 0.6;

/** Fewer random labels are never asked for, as in engine/wish.py. */
const FEWEST = 60;

/** To label more than this share of all images for a certificate is not worth one. */
const WORTH = 0.5;

/** The curve as it is drawn: the strictest threshold first. */
export function strictestFirst(curve: readonly Point[]): Point[] {
  return [...curve].sort((a, b) => a.items - b.items);
}

/** Where the point stands on the curve, or the nearest to it; -1 on an empty curve. */
export function placeOf(curve: readonly Point[], coverage: number): number {
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (const [at, point] of curve.entries()) {
    const away = Math.abs(point.coverage - coverage);
    if (away < least) [best, least] = [at, away];
  }
  return best;
}

/** Where a key moves the point; null for keys that mean nothing here. */
export function moved(at: number, key: string, length: number): number | null {
  const to: Record<string, number> = {
    ArrowLeft: at - 1,
    ArrowDown: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at + 1,
    PageDown: at - 10,
    PageUp: at + 10,
    Home: 0,
    End: length - 1,
  };
  const next = to[key];
  return next === undefined ? null : Math.min(length - 1, Math.max(0, next));
}

/** How many of the covered images would be wrong, with the interval. */
export function wrongOf({ items, error }: Point): Interval {
  return { mean: items * error.mean, low: items * error.low, high: items * error.high, n: error.n };
}

/** All images the curve speaks of: those without a label. */
export function populationOf(point: Point): number {
  return point.coverage > 0 ? Math.max(point.items, Math.round(point.items / point.coverage)) : point.items;
}

export interface Cost {
  /** The wish that leads to the point: the share that may be wrong. */
  error: number;
  /** Random labels to certify it; null when no number that is worth it would do. */
  labels: number | null;
}

/**
 * The wish that leads to a point, and the random labels it takes, as in engine/wish.py. At the operating point both are what
 * the policy and the server say.
 */
export function costOf(
  point: Point,
  view: Pick<Certificates, "operating" | "needed" | "certificates">,
  wish: Wish,
): Cost {
  if (view.operating?.items === point.items) return { error: wish.auto_error, labels: view.needed };
  const errors = ROUND_ERRORS.filter((error) => point.error.mean <= PART * error + 1e-9);
  const auto_confidence = confidenceOf(wish, view.certificates.length + 1);
  for (const error of errors) {
    const labels = randomLabels(point, { ...wish, auto_error: error, auto_confidence });
    if (labels !== null && labels <= WORTH * populationOf(point)) return { error, labels };
  }
  return { error: errors[0] ?? 0.4, labels: null };
}

/** All certificates of a project together keep their word: the n-th may be wrong with probability 6 delta / (pi n)^2. */
function confidenceOf({ auto_confidence }: Wish, number: number): number {
  return 1 - ((1 - auto_confidence) * 6) / (Math.PI * number) ** 2;
}

function randomLabels(point: Point, { guarantee, auto_error, auto_confidence }: Wish): number | null {
  const { items, coverage, error } = point;
  const whole = guarantee === "whole";
  const labels = whole
    ? drawsNeeded(populationOf(point), auto_error, auto_confidence, error.mean * coverage)
    : drawsNeeded(items, auto_error, auto_confidence, error.mean);
  // Among the auto-labels only those of the random images count that are covered.
  return labels === null ? null : Math.max(FEWEST, whole ? labels : Math.ceil(labels / coverage));
}

const VERBS: Record<Recognised, string> = {
  off: "Would auto-label",
  auto: "Auto-labels",
  discard: "Discards",
  validate: "Sends to Validate",
  hold: "Holds",
};

/** "Auto-labels 4,213 of 5,000 unlabeled images (84%), about 38 (21–62) of them wrong." */
export function pointSaid(point: Point, recognised: Recognised): string {
  const all = populationOf(point);
  const part = `${VERBS[recognised]} ${count(point.items)} of ${counted(all, "unlabeled image")} (${percent(point.coverage)})`;
  return point.items === 0 ? `${part}.` : `${part}, about ${countRange(wrongOf(point))} of them wrong.`;
}

/** "To certify at most 2% wrong takes about 180 random labels, about 7 min." */
export function costSaid({ error, labels }: Cost, secondsPerLabel: number | null): string {
  if (labels === null)
    return "No sensible number of random labels would certify this: the model is wrong too often there.";
  const time = secondsPerLabel === null ? "" : `, about ${duration(labels * secondsPerLabel)}`;
  return `To certify at most ${share(error)} wrong takes about ${about(labels)} random labels${time}.`;
}

/** The upper edge of the picture: what matters for the wish, not the wide bands of a handful of images. */
export function ceiling(curve: readonly Point[], operating: Point | null, error: number): number {
  const lines = curve.map((point) => point.error.mean);
  const top = Math.max(error * 1.5, (operating?.error.high ?? 0) * 1.1, ...lines.map((mean) => mean * 1.25));
  return Math.min(1, Math.max(0.02, Math.ceil(top * 50) / 50));
}

/** What the picture shows, said in words. */
export function coverageDescribed(curve: readonly Point[]): string {
  const line = strictestFirst(curve);
  const first = line[0];
  const last = line.at(-1);
  if (!first || !last) return "Nothing has been measured yet.";
  return `From ${percent(first.coverage)} of the images with ${withRange(first.error)} wrong to ${percent(last.coverage)} with ${withRange(last.error)} wrong.`;
}

export function coverageTable(curve: readonly Point[]): Table {
  return {
    head: ["from confidence", "coverage", "images", "wrong", "low", "high", "n"],
    rows: strictestFirst(curve).map(({ confidence, coverage, items, error }) => [
      confidence.toFixed(4),
      coverage.toFixed(4),
      items,
      error.mean.toFixed(4),
      error.low.toFixed(4),
      error.high.toFixed(4),
      error.n,
    ]),
  };
}

// --- starting one ------------------------------------------------------------------------------------------------------

export interface Start {
  label: string;
  /** Why it cannot be pressed; null when it can. */
  reason: string | null;
  /** What it takes. */
  forecast: string;
}

/** The button that starts a certificate: what it says, or why it is off. */
export function starting(
  view: Pick<Certificates, "certificates" | "needed" | "possible" | "hint">,
  policy: Pick<Schemas["Policy"], "recognised" | "calibration" | "auto_threshold">,
  secondsPerLabel: number | null,
): Start {
  const labels = policy.calibration ?? view.needed;
  const raw = policy.auto_threshold ?? null;
  const label = raw !== null ? `Take images from ${share(raw)}, not certified` : startLabel(labels);
  const drawing = view.certificates.find((one) => one.state === "drawing");
  const time =
    secondsPerLabel === null || labels === null
      ? "How long that takes is known after a few labels."
      : `About ${duration(labels * secondsPerLabel)} at the pace so far.`;
  const forecast = raw !== null ? "No random labels are asked for, and nothing is proven." : time;
  if (policy.recognised === "off")
    return {
      label,
      forecast,
      reason: "Nothing is certified in Settings. Choose there what becomes of recognised images.",
    };
  if (drawing)
    return {
      label,
      forecast,
      reason: `Certificate ${drawing.number} is being measured. It is decided first, or withdrawn.`,
    };
  if (!view.possible)
    return { label, forecast, reason: view.hint || "This cannot be certified as far as one can see." };
  return { label, forecast, reason: null };
}

/** Whether one can be asked for that may be looked at any time: it bounds the errors among the auto-labels alone. */
export function offersAnytime(policy: Pick<Schemas["Policy"], "guarantee" | "auto_threshold">): boolean {
  return policy.guarantee === "among" && policy.auto_threshold === null;
}

/** "So far 3,214 of 5,000 images are covered." */
export function sofarTitle({ population }: Pick<Certificate, "population">, sofar: Schemas["SoFar"]): string {
  if (sofar.covered > 0) return `So far ${count(sofar.covered)} of ${counted(population, "image")} are covered.`;
  return `Nothing is proven yet, after ${counted(sofar.labels, "label")}.`;
}

/** How near the next step is. */
export function nextSaid({ covered, evidence }: Schemas["SoFar"]): string {
  if (evidence >= 1) return "All that can be covered is.";
  return `${percent(evidence)} of the evidence that ${covered > 0 ? "lets it cover more" : "the first images take"}.`;
}

/** The same of one batch. */
export function startingBatch(...given: Parameters<typeof starting>): Start {
  const start = starting(...given);
  return { ...start, label: start.label.replace(/^Start: label/, "Certify: label") };
}

function startLabel(labels: number | null): string {
  return labels === null ? "Start: label random images" : `Start: label ${counted(labels, "random image")}`;
}

// --- one certificate ---------------------------------------------------------------------------------------------------

export type Look = "drawing" | "issued" | "uncertified" | "quarantined" | "refused" | "revoked" | "withdrawn";

const TITLES: Record<Look, string> = {
  drawing: "Being measured",
  issued: "Issued",
  uncertified: "Not certified",
  quarantined: "Quarantined",
  refused: "Refused",
  revoked: "Revoked",
  withdrawn: "Withdrawn",
};

/** What of a certificate's state is seen first. */
export function lookOf({ state, certified, quarantined }: Certificate): Look {
  if (state === "issued" && quarantined) return "quarantined";
  if (state === "issued" && !certified) return "uncertified";
  return state;
}

export function titleOf(certificate: Certificate): string {
  return TITLES[lookOf(certificate)];
}

/** What it is called: a raw threshold is never called a certificate. */
export function nameOf({ certified, number }: Certificate): string {
  return certified ? `Certificate ${number}` : `Raw threshold ${number}`;
}

/** Those that stand or are being measured first, and the newest first. */
export function inOrder(certificates: readonly Certificate[]): Certificate[] {
  const ended = ({ state }: Certificate) => (state === "issued" || state === "drawing" ? 0 : 1);
  return [...certificates].sort((a, b) => ended(a) - ended(b) || b.number - a.number);
}

/** What a certificate says, or why it says nothing, in plain words. */
export function saidOf(certificate: Certificate): string {
  const { state, calibration, reason, statement, certified, threshold } = certificate;
  const wish = wishSaid(wishOf(certificate));
  if (state === "drawing") {
    const left = calibration.planned - calibration.answered;
    const said = `${count(calibration.answered)} of ${counted(calibration.planned, "random image")} answered.`;
    return left > 0 ? `${said} The wish: ${wish}.` : `${said} It is being decided.`;
  }
  if (state === "issued") {
    if (certified) return statement;
    const raw = threshold === null ? "" : ` from ${share(threshold)} confidence on`;
    return statement || `Somebody chose to take images${raw}. Nothing is proven of how many are wrong.`;
  }
  return reason || `The wish was: ${wish}.`;
}

export const QUARANTINE =
  "People agreed with wrong suggestions more often than chance allows, so the labels it rests on may repeat the model's mistakes. Its auto-labels wait until that is looked into.";

/** The wish it was made for. */
export function wishOf({ guarantee, error, confidence }: Certificate): Wish {
  return { guarantee: guarantee === "whole" ? "whole" : "among", auto_error: error, auto_confidence: confidence };
}

/** Why a certificate fell, and what became of what it covered, for people who are at something else. */
export function fallenSaid({ reason, route }: Pick<Schemas["Fallen"], "reason" | "route">): string {
  const why = reason.replace(/^Certificate revoked: /, "");
  if (route === "auto") return `${why} Its labels are taken back, and the images wait for people again.`;
  if (route === "validate") return `${why} Look twice at what it sent to Validate.`;
  return `${why} What it had put aside is back in the pool.`;
}

/** "Audit so far: 2 of 51 wrong." */
export function auditSaid({ audit }: Pick<Certificate, "audit">): string {
  if (audit.answered === 0)
    return audit.planned === 0 ? "No audit yet." : `Audit: none of ${count(audit.planned)} answered yet.`;
  return `Audit so far: ${count(audit.wrong)} of ${count(audit.answered)} wrong.`;
}

/** How near the audit is to revoking it. */
export function evidenceSaid(evidence: number): string {
  if (evidence >= 1) return "Enough to revoke it.";
  return `Evidence against it: ${percent(evidence)} of what revokes it.`;
}

/** What is asked before a certificate is withdrawn. */
export function withdrawSaid({ state, route, standing, calibration }: Certificate): string {
  if (state === "drawing")
    return `The ${counted(calibration.answered, "answer")} so far stay as labels; nothing is certified with them.`;
  if (standing === 0) return "It ends, and stays in this list as withdrawn. Labels by people stay.";
  const goes = standing === 1 ? "goes" : "go";
  if (route !== "auto") return `Its ${counted(standing, "image")} ${goes} back to the pool. Labels by people stay.`;
  return `Its ${counted(standing, "auto-label")} ${goes} back to Validate, to be looked at by people. Labels by people stay.`;
}

/** Whether facts can be taken along: only what was once issued, and proven, has any. */
export function hasFacts({ state, certified, decided }: Certificate): boolean {
  return certified && decided !== null && state !== "drawing" && state !== "refused";
}

/** One sentence on top of the page: what stands today. */
export function headlineOf(certificates: readonly Certificate[], items: number): string {
  const standing = certificates.filter((one) => one.state === "issued" && one.route === "auto");
  const sum = total(standing);
  if (sum === 0) return setAside(certificates) ?? "No image carries a label by the model.";
  const certain = total(standing.filter((one) => lookOf(one) === "issued"));
  const said = `${count(sum)} of ${counted(items, "image")} (${percent(sum / Math.max(1, items))}) ${sum === 1 ? "carries a label" : "carry labels"} by the model`;
  if (certain === sum) return `${said}, under a certificate.`;
  return certain === 0
    ? `${said}, none under a certificate.`
    : `${said}, ${count(certain)} of them under a certificate.`;
}

function setAside(certificates: readonly Certificate[]): string | null {
  const sum = total(certificates.filter((one) => one.state === "issued"));
  return sum === 0
    ? null
    : `${counted(sum, "image")} ${sum === 1 ? "is recognised and carries" : "are recognised and carry"} no label.`;
}

function total(certificates: readonly Certificate[]): number {
  return certificates.reduce((sum, one) => sum + one.standing, 0);
}
