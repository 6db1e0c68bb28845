// What is said of a batch of new data: its state, its alarm, how far the questions are, what came of it.

import type { components } from "../api/schema";
import type { Table } from "./curve";
import { about, count, counted, percent, withRange } from "./figures";

type Wire = components["schemas"];
type BatchView = Wire["BatchView"];
type Interval = Wire["Interval"];

/** How a batch stands, as a sign and a word; `changed` and `same` are open, with and without an alarm. */
export type Look = "arriving" | "changed" | "same" | "done" | "plain";

export function lookOf({ state, alarm }: Pick<BatchView, "state" | "alarm">): Look {
  if (state === "arriving") return "arriving";
  if (state === "done") return "done";
  if (alarm === null) return "plain";
  return alarm.drift ? "changed" : "same";
}

const TITLES: Record<Look, string> = {
  arriving: "Being compared",
  changed: "Something is different",
  same: "Like what is known",
  done: "Finished",
  plain: "Not compared",
};

export function titleOf(batch: Pick<BatchView, "state" | "alarm">): string {
  return TITLES[lookOf(batch)];
}

/** "about 12 new ones left (3 to 30)"; no figure while there is none. */
export function leftSaid(remaining: Interval | null): string {
  if (remaining === null) return "how many new ones are left is not known yet";
  const mean = Math.round(remaining.mean);
  const high = Math.ceil(remaining.high);
  if (high === 0) return "no new ones left";
  if (mean === 0) return `probably no new ones left (at most ${count(high)})`;
  return `about ${about(mean)} new ${mean === 1 ? "one" : "ones"} left (${count(Math.floor(remaining.low))} to ${count(high)})`;
}

/** "41 of 275 asked, about 12 new ones left (3 to 30)". */
export function progressSaid({ asked, budget, remaining }: BatchView): string {
  return `${count(asked)} of ${count(budget)} asked, ${leftSaid(remaining)}`;
}

/** One plain sentence about an open or a finished batch. */
export function headline(batch: BatchView): string {
  const { items, found, remaining, state, alarm } = batch;
  const all = counted(items, "image");
  if (state === "arriving") return `${all} so far. It is compared with what is known as soon as all of it is in.`;
  if (batch.message) return batch.message;
  const fresh = found + Math.round(remaining?.mean ?? 0);
  if (state === "done")
    return found > 0
      ? `${count(found)} of ${all} were of ${classesSaid(batch.new_classes.length)}.`
      : `Nothing new among ${all}.`;
  if (fresh === 0 && !alarm?.drift) return `Nothing among ${all} looks new.`;
  if (fresh === 0) return `${all} arrived, and they differ from what is known. Nothing new has been found so far.`;
  const share = fresh > found ? `About ${about(fresh)}` : count(fresh);
  return `${share} of ${all} look like nothing the model knows. The rest is recognised.`;
}

function classesSaid(n: number): string {
  return n === 1 ? "a class that is new" : `${count(n)} classes that are new`;
}

export interface Advice {
  /** go: questions pay; stop: they hardly do; spent: the budget is used up. */
  what: "go" | "stop" | "spent";
  words: string;
}

/** `stacks`: how many wait for a name. */
export function adviceOf(batch: Pick<BatchView, "asked" | "budget" | "finished">, stacks: number): Advice {
  const { asked, budget, finished } = batch;
  const then = stacks > 0 ? `name the ${stacks === 1 ? "stack that is" : "stacks that are"} left` : "finish the batch";
  if (finished) return { what: "stop", words: `Further questions will hardly find anything new: ${then}.` };
  if (asked >= budget)
    return { what: "spent", words: `The budget of ${counted(budget, "question")} is used up: ${then}.` };
  const first = "The questions are the images likeliest to be new. Every answer sharpens the stacks.";
  const more = "Every answer moves the next question to where something new is likeliest.";
  return { what: "go", words: asked === 0 ? first : more };
}

const RECOGNISED: Record<Wire["Policy"]["recognised"], string> = {
  off: "What was recognised waits on Validate, or for a certificate that lets the model label it.",
  auto: "What was recognised is auto-labeled once a certificate covers it; the rest waits on Validate.",
  discard: "What was recognised is set aside once a certificate covers it; the rest waits on Validate.",
  validate: "What was recognised waits on Validate.",
  hold: "What was recognised is held back once a certificate covers it.",
};

/** What happens to the items nobody was asked about. */
export function restSaid(recognised: Wire["Policy"]["recognised"]): string {
  return RECOGNISED[recognised];
}

/** How surprising the difference is, for people: "by chance in fewer than 1 of 100 batches". */
export function chanceSaid({ p, drift }: Pick<Wire["Alarm"], "p" | "drift">): string {
  if (!drift) return `A batch of the same kind differs as much in ${percent(p)} of cases.`;
  const often = p <= 0.01 ? "fewer than 1 of 100" : `about ${Math.max(1, Math.round(p * 100))} of 100`;
  return `By chance alone ${often} batches would differ as much.`;
}

export function stackSaid(stack: Wire["Stack"], name: (classId: number) => string): string {
  const likely = `${percent(stack.chance)} likely new`;
  return stack.nearest === null ? likely : `${likely}, nearest to ${name(stack.nearest)}`;
}

/** What a decision did, for the line that offers its undo. */
export function doneSaid(said: { verdict: "name" | "known" | "noise"; name: string; n: number }): string {
  const images = counted(said.n, "image");
  if (said.verdict === "name") return `${images} labeled ${said.name}.`;
  return said.verdict === "known" ? `${images}: known after all.` : `${images} set aside as noise.`;
}

/** What of the batch was looked at, in parts of the whole. */
export function shares(report: Pick<Wire["BatchReport"], "items" | "asked" | "by_stack" | "discarded">) {
  const { items, asked, by_stack, discarded } = report;
  const rest = Math.max(0, items - asked - by_stack - discarded);
  return [
    { key: "human", label: "Asked one by one", meaning: "the questions", n: asked },
    { key: "validate", label: "Labeled by the stack", meaning: "named in one gesture", n: by_stack },
    { key: "discard", label: "Set aside", meaning: "noise, remembered for later batches", n: discarded },
    { key: "open", label: "Nobody had to look", meaning: "recognised: saved", n: rest },
  ].filter((part) => part.n > 0);
}

/** Accuracy by class, new classes first, then what changed most. */
export function classRows(classes: readonly Wire["ClassAccuracy"][]): Wire["ClassAccuracy"][] {
  const change = ({ before, after }: Wire["ClassAccuracy"]) =>
    before && after ? Math.abs(after.mean - before.mean) : 0;
  return [...classes].sort((a, b) => Number(b.new) - Number(a.new) || change(b) - change(a) || a.class_id - b.class_id);
}

/** "+3 points" between two accuracies; whether the intervals are apart decides between better, worse and the same. */
export function changeSaid({ before, after, new: fresh }: Wire["ClassAccuracy"]): string {
  if (fresh) return after === null ? "not measured" : "new";
  if (before === null || after === null) return "not measured";
  const points = Math.round((after.mean - before.mean) * 100);
  if (after.low > before.high || after.high < before.low)
    return `${points > 0 ? "+" : "−"}${Math.abs(points)} points, clearly`;
  return points === 0 ? "the same" : `${points > 0 ? "+" : "−"}${Math.abs(points)} points, within the doubt`;
}

export function classTable(classes: readonly Wire["ClassAccuracy"][], name: (classId: number) => string): Table {
  const said = (value: Interval | null) => (value === null ? "not measured" : withRange(value));
  return {
    head: ["Class", "Before", "After", "Change"],
    rows: classRows(classes).map((one) => [name(one.class_id), said(one.before), said(one.after), changeSaid(one)]),
  };
}

export interface DriftBar {
  number: number;
  /** 0 to 1: how surprising the difference was, on a log scale from p = 1 to p = 0.005. None: not compared. */
  height: number | null;
  drift: boolean;
  found: number;
  title: string;
}

const SMALLEST = 0.005; // the least p the test can give
export const LEVEL = Math.log(0.05) / Math.log(SMALLEST);

/** The history of batches, oldest first, as bars. */
export function driftBars(points: readonly Wire["DriftPoint"][]): DriftBar[] {
  return [...points]
    .sort((a, b) => a.number - b.number)
    .map(({ number, name, p, drift, found }) => ({
      number,
      height: p === null ? null : Math.min(1, Math.max(0.02, Math.log(Math.max(p, SMALLEST)) / Math.log(SMALLEST))),
      drift,
      found,
      title: `${name}: ${p === null ? "not compared" : drift ? "differs" : "no difference shown"}, ${count(found)} new`,
    }));
}

export function driftTable(points: readonly Wire["DriftPoint"][]): Table {
  return {
    head: ["Batch", "Name", "Images", "p", "Differs", "New"],
    rows: [...points]
      .sort((a, b) => a.number - b.number)
      .map((one) => [
        String(one.number),
        one.name,
        count(one.items),
        one.p === null ? "" : one.p.toPrecision(2),
        one.p === null ? "not compared" : one.drift ? "yes" : "no",
        count(one.found),
      ]),
  };
}
