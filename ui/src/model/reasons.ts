// Why an item was chosen, and why it is shown without a suggestion, in plain words.

import type { components } from "../api/schema";
import type { Card } from "./cards";

type Reason = components["schemas"]["Reason"];

const PLAIN: Record<string, string> = {
  typical: "it is typical of many images and unlike the ones before",
  "k-means": "it is typical of many images and unlike the ones before",
  typiclust: "it is typical of many images and unlike the ones before",
  probcover: "many images are like it, and none of them is labeled",
  "k-center": "it is unlike everything that is labeled",
  random: "it was drawn at random",
  holdout: "it was drawn at random, to measure",
  returned: "it came back from Validate as wrong",
  reopened: "it was opened again",
  calibration: "it was drawn at random for a certificate",
  audit: "it was drawn at random to check the model's labels",
  "second-look": "its label seemed wrong",
  triage: "it may be of a kind the model does not know",
  import: "it is new from the import",
  fallback: "it is next in line while a round is being prepared",
};

/** One phrase after "Chosen because" or alone: "the model wavers between basset and chow". `name` gives a class's name. */
export function reasonText(reason: Reason, name: (classId: number) => string): string {
  const [strategy = ""] = reason.code.split(/[+:]/);
  const known = PLAIN[strategy];
  if (known) return known;
  const [first, second] = reason.classes.map(name);
  if (first !== undefined && second !== undefined) return `the model wavers between ${first} and ${second}`;
  if (first !== undefined) return `the model is unsure whether it is ${first}`;
  return "a label here teaches the model most";
}

/** Why there is no suggestion; null when there is one. */
export function withoutSuggestion(
  card: Card,
  name: (classId: number) => string,
): { title: string; why: string } | null {
  if (card.prediction && !card.blind) return null;
  if (card.blind && card.lease && card.reason?.code === "triage") {
    return {
      title: "Shown without suggestion",
      why: "It may be of a kind the model does not know. Say what it is; + adds a class there is no name for yet.",
    };
  }
  if (card.blind && card.lease) {
    return {
      title: "Shown without suggestion",
      why: "Some are, drawn at random: they measure how often the model is right, and what suggestions do to answers.",
    };
  }
  if (card.reason?.code === "returned") {
    const [wrong] = card.reason.classes.map(name);
    return {
      title: "No suggestion",
      why: wrong ? `It came back from Validate: it is not ${wrong}.` : "The one it had was wrong.",
    };
  }
  if (!card.lease) return { title: "Shown without suggestion", why: "You decided this one without one." };
  return { title: "No suggestion yet", why: "The model trains in the background after the first few labels." };
}
