// The skeleton tool: the keypoints of the class one after the other, in its order.
import { roundedPoint } from "../model/geometry";
import type { GeometryOf, Point } from "../model/shape";
import type { Tool, World } from "./tool";

type Node = GeometryOf<"skeleton">["nodes"][number];

interface State {
  nodes: readonly Node[];
  next: Point | null;
}

const START: State = { nodes: [], next: null };

export const skeletonTool: Tool<State> = {
  start: START,
  hint: "Click the keypoints in order: Alt for a hidden one, Shift for one that is not there; Enter leaves the rest out",
  cursor: () => "crosshair",
  busy: (state) => state.nodes.length > 0,
  on(state, event, world) {
    switch (event.type) {
      case "lost":
      case "up":
      case "double":
        return state;
      case "move":
        return state.nodes.length > 0 ? { ...state, next: event.snapped } : state;
      case "command":
        if (event.command === "finish") return finished(state, world);
        return told(event.command === "cancel" ? START : { ...state, nodes: state.nodes.slice(0, -1) }, world);
      case "down": {
        if (!world.may("skeleton")) return state;
        const [x, y] = roundedPoint(event.snapped);
        const node: Node = event.shift ? [0, 0, 0] : [x, y, event.alt ? 1 : 2];
        const nodes = [...state.nodes, node];
        const next = { nodes, next: event.snapped };
        return nodes.length >= names(world).length ? finished(next, world) : told(next, world);
      }
    }
  },
  draft(state) {
    if (state.nodes.length === 0) return {};
    const nodes: Node[] = state.next ? [...state.nodes, [state.next[0], state.next[1], 1]] : [...state.nodes];
    return { geometry: { kind: "skeleton", nodes } };
  },
};

function names(world: World): readonly string[] {
  return world.classes[world.classId ?? -1]?.skeleton?.nodes ?? [];
}

function told(state: State, world: World): State {
  const name = names(world)[state.nodes.length];
  world.hint(state.nodes.length > 0 && name !== undefined ? `Next: ${name}` : skeletonTool.hint);
  return state;
}

function finished(state: State, world: World): State {
  const wanted = names(world).length;
  if (!state.nodes.some(([, , seen]) => seen > 0)) return START;
  const rest = Array.from({ length: Math.max(0, wanted - state.nodes.length) }, (): Node => [0, 0, 0]);
  world.draw({ kind: "skeleton", nodes: [...state.nodes, ...rest] }, "Draw a skeleton");
  world.hint(skeletonTool.hint);
  return START;
}
