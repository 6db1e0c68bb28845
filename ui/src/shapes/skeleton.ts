// Keypoints joined by the bones of their class. A node is visible (2, filled), hidden (1, a ring) or not marked (0, not drawn).
import { boundsOf, distance, nearestOn, rounded } from "../model/geometry";
import type { Class, GeometryOf, Point } from "../model/shape";
import type { Handle, ShapeKind } from "./kind";

type Skeleton = GeometryOf<"skeleton">;
type Node = Skeleton["nodes"][number];

export const skeleton: ShapeKind<Skeleton> = {
  bounds: ({ nodes }) => boundsOf(marked(nodes).map(([x, y]): Point => [x, y])),
  area: () => 0,
  /** The bones are the class's and not known here: the chain of nodes stands for them. */
  hit({ nodes }, point, reach) {
    const shown = marked(nodes).map(([x, y]): Point => [x, y]);
    return shown.some(
      (node, at) =>
        distance(node, point) <= reach * 1.5 || distance(point, nearestOn(point, node, shown[at + 1] ?? node)) <= reach,
    );
  },
  draw(context, { nodes }, { colour, dot, line, skeleton: bones }) {
    context.beginPath();
    for (const [from, to] of bones?.edges ?? []) {
      const [a, b] = [nodes[from], nodes[to]];
      if (!a || !b || a[2] === 0 || b[2] === 0) continue;
      context.moveTo(a[0], a[1]);
      context.lineTo(b[0], b[1]);
    }
    context.strokeStyle = colour;
    context.lineWidth = line * 1.25;
    context.stroke();
    dots(context, nodes, 2, dot);
    context.fillStyle = colour;
    context.fill();
    context.strokeStyle = "rgb(0 0 0 / 60%)";
    context.lineWidth = line / 2;
    context.stroke();
    dots(context, nodes, 1, dot);
    context.fillStyle = "#ffffff";
    context.fill();
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.stroke();
  },
  /** One for every node, marked or not: the number of a handle is the place of its node. */
  handles: ({ nodes }) =>
    nodes.map(([x, y, seen]): Handle => ({ at: seen === 0 ? [Number.NaN, Number.NaN] : [x, y], role: "vertex" })),
  pulled: ({ nodes }, handle, [x, y]) => ({
    kind: "skeleton",
    nodes: nodes.map((node, at): Node => (at === handle ? [rounded(x), rounded(y), node[2] || 2] : node)),
  }),
  shifted: ({ nodes }, dx, dy) => ({
    kind: "skeleton",
    nodes: nodes.map(([x, y, seen]): Node => (seen === 0 ? [x, y, 0] : [rounded(x + dx), rounded(y + dy), seen])),
  }),
  lines: () => [],
};

/** A node after one more turn of visible, hidden, not marked. */
export function turnedNode(shape: Skeleton, place: number): Skeleton {
  const next = { 2: 1, 1: 0, 0: 2 } as const;
  return {
    kind: "skeleton",
    nodes: shape.nodes.map((node, at) => (at === place ? [node[0], node[1], next[node[2]]] : node)),
  };
}

/** Which bones a class has; none when it has no skeleton. */
export function bonesOf(entry: Class | undefined): NonNullable<Class["skeleton"]> | null {
  return entry?.skeleton ?? null;
}

function marked(nodes: readonly Node[]): Node[] {
  return nodes.filter(([, , seen]) => seen > 0);
}

function dots(context: CanvasRenderingContext2D, nodes: readonly Node[], which: 1 | 2, radius: number): void {
  context.beginPath();
  for (const [x, y, seen] of nodes) {
    if (seen !== which) continue;
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
}
