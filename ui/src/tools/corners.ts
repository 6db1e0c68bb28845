// Tools that draw between two opposite corners, pulled or clicked: the box and the ellipse.
import { distance } from "../model/geometry";
import type { Geometry, Point } from "../model/shape";
import { boxBetween } from "../shapes/box";
import { ellipseOf } from "../shapes/ellipse";
import type { Tool, World } from "./tool";

type State =
  | { at: "idle" }
  /** The button is down since the first corner. */
  | { at: "pulling"; from: Point; to: Point }
  /** The first corner was clicked; the next click is the second. */
  | { at: "clicked"; from: Point; to: Point };

const SLIP = 4;

function cornersTool(between: (from: Point, to: Point) => Geometry, label: string, hint: string): Tool<State> {
  const finished = (from: Point, to: Point, world: World): State => {
    world.draw(between(from, to), label);
    return { at: "idle" };
  };
  return {
    start: { at: "idle" },
    hint,
    cursor: () => "crosshair",
    busy: (state) => state.at !== "idle",
    on(state, event, world) {
      if (event.type === "lost" || event.type === "command") return { at: "idle" };
      if (event.type === "double") return state;
      if (state.at === "idle") {
        return event.type === "down" ? { at: "pulling", from: event.snapped, to: event.snapped } : state;
      }
      const to = event.shift ? squared(state.from, event.snapped) : event.snapped;
      if (event.type === "move") return { ...state, to };
      if (state.at === "pulling" && event.type === "up") {
        if (distance(state.from, to) < SLIP * world.unit) return { at: "clicked", from: state.from, to };
        return finished(state.from, to, world);
      }
      return state.at === "clicked" && event.type === "down" ? finished(state.from, to, world) : state;
    },
    draft: (state) => (state.at === "idle" ? {} : { geometry: between(state.from, state.to) }),
  };
}

export const boxTool = cornersTool(boxBetween, "Draw a box", "Pull from corner to corner, or click two corners");

export const ellipseTool = cornersTool(
  ([ax, ay], [bx, by]) =>
    ellipseOf({ cx: (ax + bx) / 2, cy: (ay + by) / 2, w: Math.abs(bx - ax), h: Math.abs(by - ay), angle: 0 }),
  "Draw an ellipse",
  "Pull from corner to corner of the box around it; Shift makes a circle",
);

function squared([ax, ay]: Point, [bx, by]: Point): Point {
  const side = Math.max(Math.abs(bx - ax), Math.abs(by - ay));
  return [ax + (Math.sign(bx - ax) || 1) * side, ay + (Math.sign(by - ay) || 1) * side];
}
