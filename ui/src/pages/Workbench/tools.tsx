// The tools as the toolbar shows them: name, key, picture, and the kind of shape each makes.
import type { ActionOf } from "../../model/actions";
import { allows, type Class, type Kind } from "../../model/shape";
import type { ToolId } from "../../tools/tool";

export interface ToolEntry {
  id: ToolId;
  action: Extract<ActionOf<"draw">, `tool${string}`>;
  label: string;
  /** What it draws; null when it changes what is there. */
  kind: Kind | null;
  /** The lines of a picture of 20 by 20. */
  icon: string;
}

export const TOOLS: readonly ToolEntry[] = [
  { id: "select", action: "toolSelect", label: "Select", kind: null, icon: "M5 3v13l3.5-3.2 2.2 4.7 2-.9-2.2-4.6H15z" },
  {
    id: "pan",
    action: "toolPan",
    label: "Move the view",
    kind: null,
    icon: "M10 2v16M2 10h16M10 2 8 4.5M10 2l2 2.5M10 18l-2-2.5M10 18l2-2.5M2 10l2.5-2M2 10l2.5 2M18 10l-2.5-2M18 10l-2.5 2",
  },
  { id: "box", action: "toolBox", label: "Box", kind: "box", icon: "M3 5h14v10H3z" },
  { id: "rotated", action: "toolRotated", label: "Rotated box", kind: "rotated", icon: "m2.5 9 10-6 5 8-10 6z" },
  {
    id: "ellipse",
    action: "toolEllipse",
    label: "Ellipse",
    kind: "ellipse",
    icon: "M2 10a8 5.5 0 1 0 16 0a8 5.5 0 1 0-16 0",
  },
  { id: "polygon", action: "toolPolygon", label: "Polygon", kind: "polygon", icon: "m10 2 8 6-3 9H5L2 8z" },
  { id: "polyline", action: "toolPolyline", label: "Line", kind: "polyline", icon: "m2 16 5-9 5 5 6-9" },
  {
    id: "points",
    action: "toolPoints",
    label: "Points",
    kind: "points",
    icon: "M5 5.5a1.5 1.5 0 1 0 .01 0M14 8a1.5 1.5 0 1 0 .01 0M8 14a1.5 1.5 0 1 0 .01 0",
  },
  {
    id: "skeleton",
    action: "toolSkeleton",
    label: "Skeleton",
    kind: "skeleton",
    icon: "M10 2.5a2 2 0 1 0 .01 0M10 6.5v6M4 9h12M10 12.5 6 18M10 12.5l4 5.5",
  },
  {
    id: "brush",
    action: "toolBrush",
    label: "Brush",
    kind: "mask",
    icon: "M17 3 9 11M9 11c-2-.5-4 1-4 3 0 1.5-1 2-2 2.5 3 1 7 .5 7-3.5 0-1-.4-1.7-1-2z",
  },
  { id: "eraser", action: "toolEraser", label: "Eraser", kind: "mask", icon: "m3 12 8-8 6 6-7 7H7zM7 8l6 6M9 17h8" },
  { id: "hole", action: "toolHole", label: "Cut a hole", kind: null, icon: "M3 3h14v14H3zM10 6.5a3.5 3.5 0 1 0 .01 0" },
  {
    id: "split",
    action: "toolSplit",
    label: "Cut in two",
    kind: null,
    icon: "M3 4h5v12H3zM12 4h5v12h-5zM10 1v2M10 5v2M10 9v2M10 13v2M10 17v2",
  },
  {
    id: "extreme",
    action: "toolExtreme",
    label: "Extreme clicks",
    kind: null,
    icon: "M10 3.5c5 1 7 4 6.5 7s-3 6-6.5 6-6-2.5-6.5-6S5 4.5 10 3.5M10 2v3M10 15v3M2 10h3M15 10h3",
  },
  {
    id: "scribbles",
    action: "toolScribbles",
    label: "Scribbles",
    kind: null,
    icon: "M3 13c2-8 4-8 4-3s2 5 4 0 3-3 2 1 1 5 4 1M3 17h14",
  },
  {
    id: "scissors",
    action: "toolScissors",
    label: "Scissors",
    kind: null,
    icon: "M4.5 3.5 13 14M15.5 3.5 7 14M5.5 14a2 2 0 1 0 .01 0M14.5 14a2 2 0 1 0 .01 0",
  },
  {
    id: "wand",
    action: "toolWand",
    label: "Wand",
    kind: null,
    icon: "M3 17 12 8M14 2v4M12 4h4M16 9v3M14.5 10.5h3M7 3v3M5.5 4.5h3",
  },
  {
    id: "model",
    action: "toolModel",
    label: "Segmenter",
    kind: null,
    icon: "M3 6V3h3M14 3h3v3M17 14v3h-3M6 17H3v-3M10 5.5a4.5 4.5 0 1 0 .01 0M10 9v2M9 10h2",
  },
];

/** Tools whose answer is a polygon, or what else the class allows. */
const ASSISTED: ReadonlySet<ToolId> = new Set(["extreme", "scribbles", "scissors", "wand", "model"]);

/** Tools that change polygons. */
const CUTS: ReadonlySet<ToolId> = new Set(["hole", "split"]);

/** The tools a project has a use for: a tool no class allows is left out. */
export function usable(classes: readonly Class[]): readonly ToolEntry[] {
  const active = classes.filter((entry) => !entry.archived);
  const any = (kind: Kind) => active.some((entry) => allows(entry, kind));
  const answer = any("polygon") || any("mask") || any("box");
  return TOOLS.filter(({ id, kind }) => {
    if (ASSISTED.has(id)) return answer;
    return CUTS.has(id) ? any("polygon") : kind === null || any(kind);
  });
}

/** The kind of shape in a word, as objects are listed. */
export const KIND_WORDS: Record<Kind, string> = {
  box: "box",
  rotated: "rotated box",
  ellipse: "ellipse",
  polygon: "polygon",
  polyline: "line",
  points: "points",
  skeleton: "skeleton",
  mask: "mask",
};

export function ToolIcon({ icon }: { icon: string }) {
  return (
    <svg className="tool-icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <path d={icon} />
    </svg>
  );
}
