// The words of drawing, as the server says them. Lengths are pixels of the upright image, points are [x, y].
import type { components } from "../api/schema";

type Wire = components["schemas"];
export type Shape = Wire["Shape"];
export type Shapes = Wire["Shapes"];
export type Geometry = Shape["geometry"];
export type Kind = Geometry["kind"];
export type Class = Wire["Class"];
export type GeometryOf<K extends Kind> = Extract<Geometry, { kind: K }>;
export type Point = [number, number];

/** A new shape of a class, not from any model. */
export function newShape(id: string, classId: number, geometry: Geometry, attributes: Shape["attributes"] = {}): Shape {
  return { id, class_id: classId, geometry, attributes, group: null, score: null, model: null, iou: null };
}

/** The answers a new shape of a class starts with. */
export function defaultAttributes(entry: Class | undefined): Shape["attributes"] {
  const given = (entry?.attributes ?? []).filter((one) => one.default !== null);
  return Object.fromEntries(given.map((one) => [one.name, one.default])) as Shape["attributes"];
}

/** Whether a class may be drawn as this kind; a class without a list allows all, skeletons only where it has one. */
export function allows(entry: Class | undefined, kind: Kind): boolean {
  if (!entry) return false;
  if (kind === "skeleton") return entry.skeleton !== null;
  return entry.shapes.length === 0 || entry.shapes.includes(kind);
}
