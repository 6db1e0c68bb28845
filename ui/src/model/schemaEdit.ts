// The schema of a drawing project as one edits it: short texts for skeletons and choices, and the whole as YAML or JSON.
import type { Document } from "yaml";
import type { components } from "../api/schema";
import { nameProblem } from "./classes";

type Wire = components["schemas"];
type Schema = Wire["Schema"];
type Class = Wire["Class"];
type Attribute = Class["attributes"][number];
type Bones = NonNullable<Class["skeleton"]>;

// --- skeletons ---------------------------------------------------------------------------------------------------------

/** One keypoint a line, and one edge a line: "head - neck". */
export interface BonesText {
  nodes: string;
  edges: string;
}

export function bonesText(bones: Bones | null): BonesText {
  const name = (place: number) => bones?.nodes[place] ?? "";
  return {
    nodes: bones?.nodes.join("\n") ?? "",
    edges: bones?.edges.map(([a, b]) => `${name(a)} - ${name(b)}`).join("\n") ?? "",
  };
}

/** Null without keypoints: a class without a skeleton. */
export function parsedBones({ nodes: text, edges: lines }: BonesText): { bones: Bones | null; problem: string | null } {
  const nodes = linesOf(text);
  const twice = nodes.find((name, place) => nodes.indexOf(name) < place);
  if (twice !== undefined) return { bones: null, problem: `The keypoint “${twice}” stands twice.` };
  const wrong = nodes.map((name) => nameProblem(name)).find((problem) => problem !== null);
  if (wrong) return { bones: null, problem: wrong };
  const edges: [number, number][] = [];
  for (const line of linesOf(lines)) {
    const edge = parsedEdge(line, nodes);
    if (typeof edge === "string") return { bones: null, problem: edge };
    edges.push(edge);
  }
  if (nodes.length === 0) {
    return { bones: null, problem: edges.length > 0 ? "Edges join keypoints: name those first." : null };
  }
  return { bones: { nodes, edges }, problem: null };
}

/** Names may hold " - " themselves: every place to part the line is tried. */
function parsedEdge(line: string, nodes: readonly string[]): [number, number] | string {
  for (const match of line.matchAll(/\s+[-–]\s+/g)) {
    const a = nodes.indexOf(line.slice(0, match.index).trim());
    const b = nodes.indexOf(line.slice(match.index + match[0].length).trim());
    if (a >= 0 && b >= 0) return a === b ? `“${line}” joins a keypoint with itself.` : [a, b];
  }
  return `“${line}” is not an edge: write two keypoints with “ - ” between, such as ${nodes[0] ?? "head"} - ${nodes[1] ?? "neck"}.`;
}

function linesOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.normalize("NFC").trim());
  return lines.filter((line) => line !== "");
}

// --- attributes --------------------------------------------------------------------------------------------------------

export function parsedChoices(text: string): string[] {
  const all = text.split(/[,;\n]/).map((part) => part.normalize("NFC").trim());
  return all.filter((part) => part !== "");
}

/** What is wrong with the attributes of a class, by place; null where nothing is. */
export function attributeProblems(attributes: readonly Attribute[]): (string | null)[] {
  return attributes.map(({ name, kind, choices }, place) => {
    const wrong = nameProblem(name);
    if (wrong) return name === "" ? "The attribute needs a name." : wrong;
    const twin = attributes.findIndex((other) => other.name.trim() === name.trim());
    if (twin < place) return `There is an attribute “${name}” already.`;
    if (kind !== "choice") return null;
    if (choices.length < 2) return "A choice needs two choices or more, with commas between.";
    return new Set(choices).size < choices.length ? "A choice stands twice." : null;
  });
}

// --- the whole as text -------------------------------------------------------------------------------------------------

export type Language = "yaml" | "json";

/** Only what is said: empty fields are left out. */
export function plainSchema(schema: Schema): Record<string, unknown> {
  const classes = schema.classes.map((entry) => {
    const said = Object.entries(entry).filter(([, value]) => !isEmpty(value));
    const attributes = entry.attributes.map((one) =>
      Object.fromEntries(Object.entries(one).filter(([, value]) => !isEmpty(value))),
    );
    return { ...Object.fromEntries(said), ...(attributes.length > 0 ? { attributes } : {}) };
  });
  const { task, instructions } = schema;
  return { task, classes, ...(instructions === "" ? {} : { instructions }) };
}

function isEmpty(value: unknown): boolean {
  return value === null || value === false || (Array.isArray(value) && value.length === 0);
}

export async function schemaText(schema: Schema, language: Language): Promise<string> {
  const plain = plainSchema(schema);
  if (language === "json") return `${JSON.stringify(plain, null, 2)}\n`;
  const { stringify } = await import("yaml");
  return stringify(plain, { flowCollectionPadding: false, lineWidth: 100 });
}

export interface Parsed {
  schema: Wire["SchemaInput"] | null;
  /** What is wrong with the text, and in which line, counted from 1. */
  problem: { text: string; line: number | null } | null;
  /** The line of a path in the schema, such as $.classes[0].name; null when it is not in the text. */
  lineOf: (path: string) => number | null;
}

/** JSON is YAML too: one parser reads both. A class without an id gets the next one. */
export async function parsedSchema(text: string): Promise<Parsed> {
  const { LineCounter, parseDocument } = await import("yaml");
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, maxAliasCount: 100 } as object);
  const lineAt = (offset: number) => counter.linePos(offset).line;
  const [error] = document.errors;
  if (error) {
    return { schema: null, problem: { text: error.message, line: lineAt(error.pos[0]) }, lineOf: () => null };
  }
  const lineOf = (path: string) => {
    const range = rangeOf(document, path);
    return range === null ? null : lineAt(range);
  };
  let found: unknown;
  try {
    found = document.toJS({ maxAliasCount: 100 });
  } catch (problem) {
    return { schema: null, problem: { text: String(problem), line: null }, lineOf };
  }
  if (!found || typeof found !== "object" || !("classes" in found) || !Array.isArray(found.classes)) {
    const text = "A schema has a list of classes: “classes:” and below it a line “- name: car” for each.";
    return { schema: null, problem: { text, line: null }, lineOf };
  }
  const classes = found.classes.map((entry: unknown, place) =>
    entry && typeof entry === "object" && !("id" in entry) ? { id: place, ...entry } : entry,
  );
  return { schema: { ...found, classes } as Wire["SchemaInput"], problem: null, lineOf };
}

/** Where in the text the value at a path begins, or else the nearest thing around it. */
function rangeOf(document: Document.Parsed, path: string): number | null {
  const steps = [...path.matchAll(/\.([^.[\]]+)|\[(\d+)\]/g)].map((match) => match[1] ?? Number(match[2]));
  for (let depth = steps.length; depth > 0; depth -= 1) {
    const node = document.getIn(steps.slice(0, depth), true);
    if (node && typeof node === "object" && "range" in node && Array.isArray(node.range)) return node.range[0];
  }
  return null;
}
