// Changing the classes of a project that exists: what a new name or key may be, said before the server has to.

import type { components } from "../api/schema";
import { classKeys, printed, RESERVED_KEYS } from "./actions";
import { newNameProblem } from "./classes";

type Class = components["schemas"]["Class"];
type Task = components["schemas"]["Schema"]["task"];

/** What is wrong with giving a class this name; its own present name is always right. */
export function renameProblem(name: string, own: number | null, classes: readonly Class[]): string | null {
  const others = classes.filter((entry) => entry.id !== own && !entry.archived).map((entry) => entry.name);
  return newNameProblem(name, others);
}

/** What is wrong with giving a class this key; an empty one means: the next free key. */
export function keyProblem(
  key: string,
  own: number,
  classes: readonly Class[],
  task: Task = "classify",
): string | null {
  const wanted = key.trim().toLowerCase();
  if (wanted === "") return null;
  if ([...wanted].length > 1) return "A key is one character.";
  if (RESERVED_KEYS[task].has(wanted)) return `${printed(wanted)} does something else while labeling.`;
  const twin = classes.find((entry) => entry.id !== own && !entry.archived && entry.key?.toLowerCase() === wanted);
  return twin ? `${printed(wanted)} belongs to “${twin.name}”.` : null;
}

/** The key a class has while labeling, its own or the one it was dealt; "" beyond the keyboard. */
export function keyInUse(id: number, classes: readonly Class[], task: Task = "classify"): string {
  return classKeys(classes, task).get(id) ?? "";
}
