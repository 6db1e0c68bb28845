// Why an item was chosen, and why it is shown without a suggestion, in plain words.

import type { components } from "../api/schema";
import type { Card } from "./session";

type Reason = components["schemas"]["Reason"];

const PLAIN: Record<string, string> = {
  typical: "typical of many images and unlike the ones before",
  random: "drawn at random",
  holdout: "drawn at random to measure the model",
  returned: "came back from Validate as wrong",
  reopened: "its decision was taken back",
  import: "new from the import",
  fallback: "next in line while a round is being prepared",
  link: "opened by its link",
};

/** One phrase after "Chosen because" or alone: "the model wavers between basset and chow". `name` gives a class's name. */
export function reasonText(reason: Reason, name: (classId: number) => string): string {
  const known = PLAIN[reason.code.replaceAll("-", "_")];
  if (known) return known;
  const [first, second] = reason.classes.map(name);
  if (first !== undefined && second !== undefined) return `the model wavers between ${first} and ${second}`;
  if (first !== undefined) return `the model is unsure whether it is ${first}`;
  return "a label here teaches the model most";
}

/** Why there is no suggestion; null when there is one. */
export function withoutSuggestion(card: Card): { title: string; why: string } | null {
  if (card.prediction && !card.blind) return null;
  if (card.blind && card.lease) {
    return {
      title: "Shown without suggestion",
      why: "This item measures how often the model is right, so its answer is kept from you.",
    };
  }
  if (!card.lease) return { title: "Shown without suggestion", why: "You decided this one without one." };
  return { title: "No suggestion yet", why: "The model trains in the background after the first few labels." };
}
