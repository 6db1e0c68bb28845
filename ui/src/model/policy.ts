// The policy in plain words: what each strategy does, and what may be typed into each field.

export interface Choice {
  name: string;
  title: string;
  explanation: string;
}

const STRATEGIES: Record<string, [title: string, explanation: string]> = {
  auto: [
    "Automatic",
    "Covers the data while little is known, then leans towards what the model is unsure of. Right for most projects.",
  ],
  random: ["Random", "Any image, by lot. The yardstick the others are measured against."],
  "least-confidence": ["Least confident", "Images whose likeliest class the model trusts least."],
  "medium-confidence": [
    "Medium confidence",
    "Images the model half knows. Passes over those it finds hopeless, which are often bad images.",
  ],
  margin: ["Margin", "Images the model is least sure about between two classes."],
  entropy: ["Entropy", "Images for which the model spreads its guess over many classes."],
  typical: [
    "Typical and different",
    "One typical image from each region of the data, whatever the model thinks of it.",
  ],
};

const SEEDS: Record<string, [title: string, explanation: string]> = {
  typical: [
    "Typical and different",
    "One typical image from each region of the data, so that few labels show most of it.",
  ],
  random: ["Random", "Any image, by lot."],
};

/** The query strategies to choose from, the automatic one first. */
export function strategies(names: readonly string[]): Choice[] {
  return [...names].sort((a, b) => Number(b === "auto") - Number(a === "auto")).map(strategy);
}

/** The seed strategies to choose from, of those that can do without a model; "auto" would do the same as "typical". What is set stays. */
export function seedStrategies(able: readonly string[], now: string): Choice[] {
  const names = [...new Set([...able.filter((name) => name !== "auto"), now])];
  return names.sort((a, b) => Number(b === "typical") - Number(a === "typical")).map(seedStrategy);
}

function choice(table: Record<string, [string, string]>, name: string): Choice {
  const known = table[name];
  if (known) return { name, title: known[0], explanation: known[1] };
  return { name, title: name, explanation: "Comes from an installed extension, which describes it." };
}

/** The query strategy with its explanation; one that an extension brought keeps its own name. */
export function strategy(name: string): Choice {
  return choice(STRATEGIES, name);
}

/** What chose the items of a round: a query strategy, or in the first rounds a seed strategy. */
export function chosenBy(name: string): Choice {
  return name in STRATEGIES ? strategy(name) : seedStrategy(name);
}

/** The seed strategy with its explanation: what is asked before two classes have labels. */
export function seedStrategy(name: string): Choice {
  return choice(name in SEEDS ? SEEDS : STRATEGIES, name);
}

export interface Range {
  low: number;
  high: number;
  whole: boolean;
  /** What an empty field means; absent when it may not be empty. */
  empty?: string;
}

/** The numbers of the policy as they are typed: shares in percent, times in seconds. Same bounds as types.Policy. */
export const RANGES = {
  budget: { low: 1, high: 1_000_000_000, whole: true, empty: "no limit" },
  retrain_after: { low: 1, high: 1_000_000, whole: true, empty: "grows with the labels" },
  validate_above: { low: 1, high: 100, whole: false },
  holdout_rate: { low: 0, high: 50, whole: false },
  lease_s: { low: 5, high: 86_400, whole: true },
} satisfies Record<string, Range>;

export type Typed = { value: number | null; problem: null } | { value: undefined; problem: string };

/** Reads a typed number; the problem says what was received and what is allowed. */
export function readNumber(text: string, bounds: Range): Typed {
  const typed = text.trim().replace(/%$/, "").replaceAll(/[ ,_]/g, "");
  const allowed = `${bounds.whole ? "a whole number" : "a number"} from ${bounds.low} to ${bounds.high.toLocaleString("en-US")}`;
  if (typed === "") {
    if (bounds.empty) return { value: null, problem: null };
    return { value: undefined, problem: `Type ${allowed}.` };
  }
  const value = Number(typed);
  const fits =
    Number.isFinite(value) && value >= bounds.low && value <= bounds.high && (!bounds.whole || Number.isInteger(value));
  if (!fits)
    return {
      value: undefined,
      problem: `“${text.trim()}” does not fit: type ${allowed}${bounds.empty ? ", or nothing" : ""}.`,
    };
  return { value, problem: null };
}
