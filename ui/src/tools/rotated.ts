// The tool for rotated boxes: one side first, pulled or clicked, then how wide.
import { distance } from "../model/geometry";
import type { GeometryOf, Point } from "../model/shape";
import { rotatedOf } from "../shapes/rotated";
import type { Tool } from "./tool";

type State =
  | { at: "idle" }
  | { at: "pulling"; from: Point; to: Point }
  | { at: "clicked"; from: Point; to: Point }
  /** The first side stands; the pointer says how wide. */
  | { at: "widening"; from: Point; to: Point; wide: Point };

const SLIP = 4;

export const rotatedTool: Tool<State> = {
  start: { at: "idle" },
  hint: "Pull along one side, then click how wide it is",
  cursor: () => "crosshair",
  busy: (state) => state.at !== "idle",
  on(state, event, world) {
    if (event.type === "lost") return { at: "idle" };
    if (event.type === "command") {
      return event.command === "back" && state.at === "widening"
        ? { at: "clicked", from: state.from, to: state.wide }
        : { at: "idle" };
    }
    if (event.type === "double") return state;
    const to = event.snapped;
    switch (state.at) {
      case "idle":
        return event.type === "down" ? { at: "pulling", from: to, to } : state;
      case "pulling":
        if (event.type === "move") return { ...state, to };
        if (distance(state.from, to) < SLIP * world.unit) return { at: "clicked", from: state.from, to };
        return { at: "widening", from: state.from, to, wide: to };
      case "clicked":
        if (event.type === "move") return { ...state, to };
        return event.type === "down" ? { at: "widening", from: state.from, to, wide: to } : state;
      case "widening":
        if (event.type === "move") return { ...state, wide: event.at };
        if (event.type === "down") {
          const box = onSide(state.from, state.to, event.at);
          if (Math.min(box.w, box.h) < SLIP * world.unit) return state;
          world.draw(box, "Draw a rotated box");
          return { at: "idle" };
        }
        return state;
    }
  },
  draft(state) {
    if (state.at === "idle") return {};
    if (state.at === "widening") return { geometry: onSide(state.from, state.to, state.wide) };
    return { open: [state.from, state.to] };
  },
};

/** The box with the side from a to b that reaches as far as p. */
function onSide(a: Point, b: Point, p: Point): GeometryOf<"rotated"> {
  const w = Math.max(0.01, distance(a, b));
  const [ux, uy] = [(b[0] - a[0]) / w, (b[1] - a[1]) / w];
  // How far p lies off the side, positive to its right as one looks along it on the screen.
  const off = (p[1] - a[1]) * ux - (p[0] - a[0]) * uy;
  const cx = (a[0] + b[0]) / 2 - (uy * off) / 2;
  const cy = (a[1] + b[1]) / 2 + (ux * off) / 2;
  return rotatedOf({ cx, cy, w, h: Math.max(0.01, Math.abs(off)), angle: (Math.atan2(uy, ux) * 180) / Math.PI });
}
