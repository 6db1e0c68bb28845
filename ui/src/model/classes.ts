// A typed list of classes: split into names, with the problem of each one said where it stands. Same rules as types.normal_name.

export interface TypedClass {
  name: string;
  /** Where the name stands in the typed text, so that a mark can be put there. */
  start: number;
  end: number;
  problem: string | null;
}

export const LONGEST_NAME = 100;

/** As it is stored: NFC and trimmed. */
export function normalName(name: string): string {
  return name.normalize("NFC").trim();
}

/** Two names that fold to the same text are one class. Upper case first, so that "ß" and "ss" meet as on the server. */
export function folded(name: string): string {
  return normalName(name).toUpperCase().toLowerCase();
}

// Control characters, and the bidirectional overrides that make one name look like another.
const FORBIDDEN = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;

/** What is wrong with one name by itself; null when nothing is. */
export function nameProblem(name: string): string | null {
  const normal = normalName(name);
  const length = [...normal].length;
  if (length === 0) return "A name needs at least one character.";
  if (length > LONGEST_NAME) return `${length} characters; a name has at most ${LONGEST_NAME}.`;
  if (FORBIDDEN.test(normal)) return "A name holds no line breaks, control characters or direction overrides.";
  return null;
}

/** What is wrong with a name beside the classes there are already. */
export function newNameProblem(name: string, taken: readonly string[]): string | null {
  const own = nameProblem(name);
  if (own) return own;
  const twin = taken.find((other) => folded(other) === folded(name));
  return twin === undefined ? null : `There is a class “${twin}” already.`;
}

/** Names separated by commas, semicolons or line ends; empty places are passed over. */
export function parseClasses(text: string): TypedClass[] {
  const found: TypedClass[] = [];
  const first = new Map<string, string>();
  for (const match of text.matchAll(/[^,;\n\r]+/g)) {
    const piece = match[0];
    const name = normalName(piece);
    if (name === "") continue;
    const start = match.index + (piece.length - piece.trimStart().length);
    const key = folded(name);
    const twin = first.get(key);
    let problem = nameProblem(name);
    if (!problem && twin !== undefined) {
      problem = twin === name ? "This name stands twice." : `The same name as “${twin}”.`;
    }
    if (twin === undefined) first.set(key, name);
    found.push({ name, start, end: start + piece.trim().length, problem });
  }
  return found;
}

/** Text without the entries that repeat an earlier one, for "remove duplicates". Order and other names stay. */
export function withoutDuplicates(text: string): string {
  const seen = new Set<string>();
  const kept: string[] = [];
  for (const entry of parseClasses(text)) {
    const key = folded(entry.name);
    if (!seen.has(key)) kept.push(entry.name);
    seen.add(key);
  }
  return kept.join("\n");
}
