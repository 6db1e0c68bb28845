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
  "cluster-margin": ["Margin in clusters", "Of the images the model is least sure about, different ones."],
  badge: ["Gradients (BADGE)", "Images that would change the model most, and each in another way."],
  bald: ["Committee (BALD)", "Images on which several models, each sure of itself, contradict each other."],
  dropquery: ["Dropout (DropQuery)", "Images whose class changes when a part of what is known of them is left out."],
  uherding: ["Uncertainty herding", "Covers the data at first and turns to what the model is unsure of by itself."],
  "k-means": ["k-means", "The centre of each of as many clusters as images are asked about."],
  typiclust: [
    "Typical clusters (TypiClust)",
    "The image with the closest neighbours in each cluster that has no label.",
  ],
  probcover: [
    "Covering balls (ProbCover)",
    "Images with as many close neighbours as possible that have no label near them.",
  ],
  "k-center": ["Farthest first (k-center)", "Images as far as possible from all that is labeled. Finds the odd ones."],
};

/** For other kinds of answers than one class: several classes, or a number. */
const FOR_OTHERS = new Set(["multilabel-entropy", "multilabel-margin", "committee-variance", "greedy-sampling"]);

/** Those that are always in sight; the others are a click away. */
const COMMON = ["auto", "margin", "medium-confidence", "least-confidence", "entropy", "typical", "random"];

/** What can be added to every strategy, in the order in which it is applied. */
const WRAPPERS: [name: string, title: string, explanation: string][] = [
  ["dense", "No outliers", "Images unlike all others are put last: they are often broken, and teach little."],
  ["distinct", "No groups of similar images", "Of several that look alike only one is asked about."],
  ["balanced", "Classes in balance", "Images predicted as a class with few labels come first."],
  ["explore", "Some by chance", "One in ten is drawn at random: it finds what the model cannot imagine."],
];

const SEEDS: Record<string, [title: string, explanation: string]> = {
  typical: [
    "Typical and different",
    "One typical image from each region of the data, so that few labels show most of it.",
  ],
  random: ["Random", "Any image, by lot."],
};

/** The query strategies to choose from: the common ones, and the others by name. What is set is among them. */
export function strategies(able: readonly string[], now: string): { common: Choice[]; others: Choice[] } {
  const names = [...new Set([...able, parsed(now).base])].filter((name) => !FOR_OTHERS.has(name) || name === now);
  const common = COMMON.filter((name) => names.includes(name));
  const others = names.filter((name) => !COMMON.includes(name)).sort();
  return { common: common.map(strategy), others: others.map(strategy) };
}

/** The seed strategies to choose from, of those that can do without a model; "auto" would do the same as "typical". What is set stays. */
export function seedStrategies(able: readonly string[], now: string): { common: Choice[]; others: Choice[] } {
  const names = [...new Set([...able.filter((name) => name !== "auto" && !FOR_OTHERS.has(name)), now])];
  const common = ["typical", "random"].filter((name) => names.includes(name));
  const others = names.filter((name) => !common.includes(name)).sort();
  return { common: common.map(seedStrategy), others: others.map(seedStrategy) };
}

/** What can be added to a strategy, of what is installed. */
export function additions(able: readonly string[]): Choice[] {
  return WRAPPERS.filter(([name]) => able.includes(name)).map(([name, title, explanation]) => ({
    name,
    title,
    explanation,
  }));
}

/** A strategy's name, such as margin+dense+distinct, taken apart; a parameter behind a colon stays with its part. */
export function parsed(name: string): { base: string; added: readonly string[] } {
  const [base = name, ...added] = name.split("+");
  return { base, added };
}

/** Another strategy with the same additions. */
export function withBase(now: string, base: string): string {
  return [base, ...parsed(now).added].join("+");
}

/** The strategy with one addition more or less; what has an order of its own is applied in it. */
export function withAddition(now: string, name: string, on: boolean): string {
  const { base, added } = parsed(now);
  const kept = added.filter((one) => plain(one) !== name);
  const place = (one: string) => WRAPPERS.findIndex(([known]) => known === plain(one));
  return [base, ...(on ? [...kept, name].sort((a, b) => place(a) - place(b)) : kept)].join("+");
}

/** Whether the strategy has this addition, with a parameter or without. */
export function hasAddition(now: string, name: string): boolean {
  return parsed(now).added.some((one) => plain(one) === name);
}

function plain(part: string): string {
  return part.split(":")[0] ?? part;
}

function choice(table: Record<string, [string, string]>, name: string): Choice {
  const known = table[name];
  if (known) return { name, title: known[0], explanation: known[1] };
  return { name, title: name, explanation: "Comes from an installed extension, which describes it." };
}

/** The query strategy with its explanation; one that an extension brought keeps its own name. */
export function strategy(name: string): Choice {
  const known = STRATEGIES[plain(name)];
  if (!known) return choice(STRATEGIES, name);
  const parameter = name.split(":")[1];
  return { name, title: parameter ? `${known[0]} (${parameter})` : known[0], explanation: known[1] };
}

/** What chose the items of a round: a query strategy with its additions, or in the first rounds a seed strategy. */
export function chosenBy(name: string): Choice {
  const { base, added } = parsed(name);
  const chosen = plain(base) in STRATEGIES ? strategy(base) : seedStrategy(base);
  const titles = added.map((one) => WRAPPERS.find(([known]) => known === plain(one))?.[1].toLowerCase() ?? one);
  return { ...chosen, name, title: [chosen.title, ...titles].join(", ") };
}

/** The seed strategy with its explanation: what is asked before two classes have labels. */
export function seedStrategy(name: string): Choice {
  return choice(name in SEEDS ? SEEDS : STRATEGIES, name);
}

export interface Range {
  low: number;
  high: number;
  whole: boolean;
  /** Typed in percent, stored as a fraction of one. */
  share?: boolean;
  /** What an empty field means; absent when it may not be empty. */
  empty?: string;
}

/** The numbers of the policy as they are typed: shares in percent, times in seconds. Same bounds as types.Policy. */
export const RANGES = {
  budget: { low: 1, high: 1_000_000_000, whole: true, empty: "no limit" },
  retrain_after: { low: 1, high: 1_000_000, whole: true, empty: "grows with the labels" },
  validate_above: { low: 1, high: 100, whole: false, share: true },
  holdout_rate: { low: 0, high: 50, whole: false, share: true },
  lease_s: { low: 5, high: 86_400, whole: true },
  auto_error: { low: 0.01, high: 49.9, whole: false, share: true },
  auto_confidence: { low: 50, high: 99.99, whole: false, share: true },
  auto_threshold: { low: 0.01, high: 100, whole: false, share: true, empty: "none" },
  calibration: { low: 20, high: 100_000, whole: true, empty: "what the wish needs" },
  audit_rate: { low: 0, high: 100, whole: false, share: true },
  blind_rate: { low: 0, high: 50, whole: false, share: true },
  seeded_rate: { low: 0, high: 20, whole: false, share: true },
  rate_per_hour: { low: 0.01, high: 100_000, whole: false, empty: "not known" },
  budget_hours: { low: 0.01, high: 1_000_000, whole: false, empty: "no limit" },
  budget_money: { low: 0.01, high: 1_000_000_000, whole: false, empty: "no limit" },
} satisfies Record<string, Range>;

/** A stored number as it stands in its field. */
export function toTyped(value: number | null, { share }: Range): string {
  if (value === null) return "";
  // 0.29 * 100 is 28.999999999999996
  return String(share ? Number((value * 100).toFixed(4)) : value);
}

/** A typed number as it is stored. */
export function fromTyped(value: number | null, { share }: Range): number | null {
  return value === null || !share ? value : Number((value / 100).toPrecision(12));
}

const SURE: Record<string, [string, string]> = {
  validate: ["Validate", "They wait on the Validate page, where a person looks through many at once."],
  annotate: ["Annotate", "They are asked about one by one, like the others."],
  hold: ["Hold", "They stay in the pool and nobody is asked: they cost nothing and get no label."],
};

const RECOGNISED: Record<string, [string, string]> = {
  off: ["Nothing is certified", "Every label comes from a person."],
  auto: [
    "Auto-label",
    "They get the model's class as their label, marked as the model's, while the certificate stands.",
  ],
  discard: ["Discard", "They leave the pool without a label: recognised, and worth nobody's time."],
  validate: ["Validate", "They wait on the Validate page for a person to confirm."],
  hold: ["Hold", "They stay in the pool and nobody is asked about them."],
};

/** What may become of items the model is sure of (policy.sure). */
export const sureChoices = (): Choice[] => Object.keys(SURE).map((name) => choice(SURE, name));

/** What may become of items that a certificate covers (policy.recognised). */
export const recognisedChoices = (): Choice[] => Object.keys(RECOGNISED).map((name) => choice(RECOGNISED, name));

/** What becomes of recognised items, in one line. */
export const recognisedChoice = (name: string): Choice => choice(RECOGNISED, name);

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
