// Keypoints joined by the bones of their class. A node is visible (2, filled), hidden (1, a ring) or not marked (0, not drawn).
import { boundsOf, distance, nearestOn, rounded } from "../model/geometry";
import type { GeometryOf, Point } from "../model/shape";
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
  /** Its place in the class's order stays, not marked. */
  without({ nodes }, place) {
    const left = nodes.map((node, at): Node => (at === place ? [0, 0, 0] : node));
    return left.some(([, , seen]) => seen > 0) ? { kind: "skeleton", nodes: left } : null;
  },
  shifted: ({ nodes }, dx, dy) => ({
    kind: "skeleton",
    nodes: nodes.map(([x, y, seen]): Node => (seen === 0 ? [x, y, 0] : [rounded(x + dx), rounded(y + dy), seen])),
  }),
  lines: () => [],
};

/** A visible node becomes a hidden one, a hidden one visible. */
export function turnedNode(shape: Skeleton, place: number): Skeleton {
  const turn = ([x, y, seen]: Node): Node => [x, y, seen === 2 ? 1 : 2];
  return { kind: "skeleton", nodes: shape.nodes.map((node, at) => (at === place ? turn(node) : node)) };
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
