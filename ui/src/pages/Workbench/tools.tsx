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
];

/** The tools a project has a use for: a tool no class allows is left out. */
export function usable(classes: readonly Class[]): readonly ToolEntry[] {
  const active = classes.filter((entry) => !entry.archived);
  return TOOLS.filter(({ kind }) => kind === null || active.some((entry) => allows(entry, kind)));
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
