// A person's own figures, in words and as shares to draw.

import type { components } from "../api/schema";
import { count, counted, duration, type Interval, percent } from "./figures";

type Wire = components["schemas"];

/** "You have answered 412 questions here and looked at 1,200 images on pages. An answer takes you about 2.1 s." */
export function headline(mine: Wire["Mine"]): string {
  if (mine.answers + mine.on_pages === 0) return "You have not labeled anything here yet";
  const done = [
    mine.answers > 0 ? `answered ${counted(mine.answers, "question")}` : "",
    mine.on_pages > 0 ? `looked at ${counted(mine.on_pages, "image")} on pages` : "",
  ].filter(Boolean);
  const pace = mine.seconds === null ? "" : `. An answer takes you about ${duration(mine.seconds)}`;
  return `You have ${done.join(" and ")} here${pace}`;
}

/** Whether nobody else has answered a question of either kind: then all people together are this one. */
export function alone({ own, everyone }: Wire["Mine"]): boolean {
  return own.seeded + own.blind === everyone.seeded + everyone.blind;
}

export interface Share {
  label: string;
  hit: number;
  of: number;
  interval: Interval;
}

/** The share of each arm with its 95% Wilson interval; empty as long as there are too few to say anything. */
export function shares(bias: Wire["Bias"]): Share[] {
  if (!bias.pull) return [];
  return [
    { label: "With the planted suggestion", ...share(bias.followed, bias.seeded) },
    { label: "Without any suggestion", ...share(bias.same, bias.blind) },
  ];
}

export function overlooked(bias: Wire["Bias"]): Share[] {
  if (!bias.overlooked_share) return [];
  const { overlooked: hit, planted: of, overlooked_share: interval } = bias;
  return [{ label: "Planted and confirmed", hit, of, interval }];
}

function share(hit: number, of: number): Omit<Share, "label"> {
  const z = 1.959964;
  const mean = hit / of;
  const centre = (mean + (z * z) / (2 * of)) / (1 + (z * z) / of);
  const half = (z / (1 + (z * z) / of)) * Math.sqrt((mean * (1 - mean)) / of + (z * z) / (4 * of * of));
  return { hit, of, interval: { mean, low: Math.max(0, centre - half), high: Math.min(1, centre + half), n: of } };
}

/** "12 of about 40 so far": how far it is until something can be said. */
export function soFar(n: number, wanted: number): string {
  return n === 0 ? `none of about ${wanted} yet` : `${count(n)} of about ${wanted} so far`;
}

/** How often pre-labels are tampered with, in words: "3 of 100 suggestions are wrong on purpose, and 10 of 100 are kept back". */
export function rates(policy: Wire["Policy"]): string {
  const of = (rate: number) => percent(rate, rate > 0 && rate < 0.1 && Math.round(rate * 1000) % 10 ? 1 : 0);
  const { seeded_rate = 0, blind_rate = 0 } = policy;
  return `${of(seeded_rate)} of suggestions are wrong on purpose, and ${of(blind_rate)} are kept back`;
}
