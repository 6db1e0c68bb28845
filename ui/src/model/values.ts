// What can be said of an item, told apart: one class, or shapes.
import type { Wire } from "../api/client";

/** As it is sent; what the server sends is one too. */
export type Value = Wire["ChoiceInput"] | Wire["ShapesInput"];

export function choice(classId: number): Value {
  return { type: "choice", class_id: classId };
}

/** The class a value gives the whole item; null for shapes, and for nothing. */
export function classOf(value: Value | null | undefined): number | null {
  return value?.type === "choice" ? value.class_id : null;
}

/** The shapes a task suggests; none where it suggests a class or nothing. */
export function shapesOf({ prediction }: Wire["Task"]): readonly Wire["Shape"][] {
  return prediction?.value.type === "shapes" ? prediction.value.shapes : [];
}

/** Whether two values say the same. */
export function alike(one: Value | null, other: Value | null): boolean {
  if (one === null || other === null || one.type === "choice" || other.type === "choice") {
    return one?.type === other?.type && classOf(one) === classOf(other);
  }
  return same(one, other);
}

/** Deep equality of JSON, where an absent field and null are one. */
function same(one: unknown, other: unknown): boolean {
  if (one === other || (one ?? null) === (other ?? null)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => same(one[name as keyof typeof one], other[name as keyof typeof other]));
}
