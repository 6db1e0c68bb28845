// What can be said of an item, told apart: one class, or shapes.
import type { Wire } from "../api/client";

type Value = Wire["Choice"] | Wire["Shapes"] | Wire["ChoiceInput"] | Wire["ShapesInput"];

/** The class a value gives the whole item; null for shapes, and for nothing. */
export function classOf(value: Value | null | undefined): number | null {
  return value?.type === "choice" ? value.class_id : null;
}
