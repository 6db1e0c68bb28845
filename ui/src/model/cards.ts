// What lies on the Annotate page: cards to decide on, and decisions in the film strip.

import type { components } from "../api/schema";
import type { Value } from "./values";

type Wire = components["schemas"];

/** What the stage shows: an item with what the model said of it, and the lease that allows a decision. */
export interface Card {
  item: Wire["Item"];
  prediction: Wire["Prediction"] | null;
  blind: boolean;
  reason: Wire["Reason"] | null;
  /** None for a decided item that is only looked at. `needs`: the taking back that will bring a fresh lease. */
  lease: { taskId: number; token: string; needs: string | null } | null;
  /** What was said of it and taken back, for a drawing to begin with; null when nothing was. */
  before: Value | null;
}

/** A decision in the film strip. `annotationId` is none until the server has it on disk. */
export interface Decided {
  key: string;
  card: Card;
  action: "answer" | "skip";
  /** What was said; null when it was skipped. */
  value: Value | null;
  flag: boolean;
  annotationId: number | null;
  state: "waiting" | "saved" | "refused";
  problem: string | null;
}

export function fromTask(task: Wire["Task"]): Card {
  return {
    item: task.item,
    prediction: task.blind ? null : task.prediction,
    blind: task.blind,
    reason: task.reason,
    lease: { taskId: task.id, token: task.lease_token, needs: null },
    before: null,
  };
}

export function fromHistory({ annotation, item }: Wire["Past"]): Decided {
  return {
    key: `past-${annotation.id}`,
    card: {
      item,
      prediction: annotation.shown,
      blind: annotation.shown === null,
      reason: null,
      lease: null,
      before: null,
    },
    action: annotation.action === "skip" ? "skip" : "answer",
    value: annotation.value,
    flag: item.flagged,
    annotationId: annotation.id,
    state: "saved",
    problem: null,
  };
}

/** The strip with what history adds, newest first. What is on its way, there or back, is the strip's or the queue's own. */
export function merged(strip: readonly Decided[], queue: readonly Card[], past: readonly Decided[]): Decided[] {
  const known = new Set(strip.map((one) => one.annotationId));
  const underway = new Set(
    [...queue, ...strip.filter((one) => one.state === "waiting").map((one) => one.card)].map((card) => card.item.id),
  );
  const added = past.filter((one) => !known.has(one.annotationId) && !underway.has(one.card.item.id));
  const age = (one: Decided) => one.annotationId ?? Number.MAX_SAFE_INTEGER;
  return [...strip, ...added].sort((a, b) => age(b) - age(a));
}

export function leaseOf(task: Wire["Task"]): string {
  return `${task.id}:${task.lease_token}`;
}
