// Polygons cut, split and merged. Rings are even-odd; the work is clipper2's (Vatti 1992), exact to a hundredth of a pixel.
import { Clipper, FillRule, type PathsD } from "clipper2-ts";
import type { Doc } from "./document";
import { areaOf, boundsOf, inRings, type Ring, rounded, signedArea } from "./geometry";
import type { Geometry, GeometryOf, Point, Shape } from "./shape";

type Polygon = GeometryOf<"polygon">;

const PLACES = 2;
/** Parts smaller than this many pixels are what is left of rounding. */
const CRUMB = 0.05;

/** What is left of a polygon without what lies in a ring; none when nothing is. */
export function cutOut(shape: Polygon, ring: Ring): Polygon[] {
  return asOne(Clipper.differenceD(paths(shape.rings), paths([ring]), FillRule.EvenOdd, PLACES));
}

/** A polygon on both sides of a line, each connected piece for itself; the polygon alone when the line does not part it. */
export function splitAlong(shape: Polygon, line: Ring): Polygon[] {
  const side = paths([sideOf(line, shape.rings.flat())]);
  const all = paths(shape.rings);
  const one = pieces(Clipper.intersectD(all, side, FillRule.EvenOdd, PLACES));
  const other = pieces(Clipper.differenceD(all, side, FillRule.EvenOdd, PLACES));
  if (one.length === 0 || other.length === 0) return [shape];
  return [...one, ...other].sort((a, b) => areaOf(b.rings) - areaOf(a.rings));
}

/** All that lies in any of the polygons, as one. */
export function union(shapes: readonly Polygon[]): Polygon | null {
  // Each by its own even-odd rule first: together they would cancel where they overlap.
  const parts = shapes.flatMap((shape) => Clipper.unionD(paths(shape.rings), [], FillRule.EvenOdd, PLACES));
  return asOne(Clipper.unionD(parts, [], FillRule.NonZero, PLACES))[0] ?? null;
}

/** Makes one shape of the selected polygons: the lowest one grows, the others go. Says why not when it cannot. */
export function merge(doc: Doc): string | null {
  const { locked } = doc.snapshot;
  const chosen = doc.selected.filter((shape) => !locked.has(shape.id));
  const polygons = chosen.filter((shape): shape is Shape & { geometry: Polygon } => isPolygon(shape.geometry));
  const [first, ...others] = polygons;
  if (!first || others.length === 0) return "Select two polygons or more to merge them";
  if (others.some((shape) => shape.class_id !== first.class_id))
    return "Polygons of one class can be merged, these are of several";
  const geometry = union(polygons.map((shape) => shape.geometry));
  if (!geometry) return "Nothing would be left of these polygons";
  const undecided = new Set([...doc.snapshot.undecided].filter((id) => id !== first.id));
  const drop = others.map((shape) => shape.id);
  for (const id of drop) undecided.delete(id);
  doc.apply({ put: [{ ...first, geometry }], drop, undecided, selection: new Set([first.id]) }, "Merge polygons");
  return null;
}

function isPolygon(shape: Geometry): shape is Polygon {
  return shape.kind === "polygon";
}

/** A region that lies on one side of a line, prolonged at both ends far beyond the points. */
function sideOf(line: Ring, points: Ring): Point[] {
  const [left, top, right, bottom] = boundsOf([...points, ...line]);
  const far = 4 * (right - left + bottom - top + 1);
  const start = beyond(line[1] as Point, line[0] as Point, far);
  const end = beyond(line.at(-2) as Point, line.at(-1) as Point, far);
  const middle: Point = [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2];
  // Around the outside on the right of the way from start to end.
  const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
  const length = Math.hypot(dx, dy) || 1;
  const out: Point = [(-dy / length) * far * 4, (dx / length) * far * 4];
  return [
    start,
    ...line,
    end,
    [end[0] + out[0], end[1] + out[1]],
    [middle[0] + out[0], middle[1] + out[1]],
    [start[0] + out[0], start[1] + out[1]],
  ];
}

function beyond([ax, ay]: Point, [bx, by]: Point, far: number): Point {
  const length = Math.hypot(bx - ax, by - ay) || 1;
  return [bx + ((bx - ax) / length) * far, by + ((by - ay) / length) * far];
}

function paths(rings: readonly Ring[]): PathsD {
  return rings.map((ring) => ring.map(([x, y]) => ({ x, y })));
}

function ringsOf(found: PathsD): Point[][] {
  const rings = found.map((path) => path.map(({ x, y }): Point => [rounded(x), rounded(y)]));
  return rings.filter((ring) => ring.length >= 3 && Math.abs(signedArea(ring)) > CRUMB);
}

function asOne(found: PathsD): Polygon[] {
  const rings = ringsOf(found);
  return rings.length > 0 ? [{ kind: "polygon", rings }] : [];
}

/** Every outer ring with the holes that lie in it. */
function pieces(found: PathsD): Polygon[] {
  const rings = ringsOf(found);
  // Clipper's outer rings run the one way round, holes the other.
  const outer = rings.filter((ring) => signedArea(ring) > 0);
  const holes = rings.filter((ring) => signedArea(ring) <= 0);
  const all = outer.map((ring): Polygon => ({ kind: "polygon", rings: [ring] }));
  for (const hole of holes) {
    const within = all
      .filter(({ rings: [ring] }) => ring && inRings([ring], hole[0] as Point))
      .sort((a, b) => areaOf([a.rings[0] ?? []]) - areaOf([b.rings[0] ?? []]))[0];
    within?.rings.push(hole);
  }
  return all;
}
