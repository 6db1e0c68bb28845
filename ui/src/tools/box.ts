// The box tool: pull from corner to corner, or click both.
import { distance } from "../model/geometry";
import type { Point } from "../model/shape";
import { boxBetween } from "../shapes/box";
import type { Tool, World } from "./tool";

type State =
  | { at: "idle" }
  /** The button is down since the first corner. */
  | { at: "pulling"; from: Point; to: Point }
  /** The first corner was clicked; the next click is the second. */
  | { at: "clicked"; from: Point; to: Point };

const SLIP = 4;

export const boxTool: Tool<State> = {
  start: { at: "idle" },
  hint: "Pull from corner to corner, or click two corners",
  cursor: () => "crosshair",
  busy: (state) => state.at !== "idle",
  on(state, event, world) {
    if (event.type === "lost" || (event.type === "command" && event.command !== "finish")) return { at: "idle" };
    if (event.type === "command" || event.type === "double") return state;
    const to = event.snapped;
    if (state.at === "idle") return event.type === "down" ? { at: "pulling", from: to, to } : state;
    if (event.type === "move") return { ...state, to: event.shift ? squared(state.from, to) : to };
    if (state.at === "pulling" && event.type === "up") {
      if (distance(state.from, to) < SLIP * world.unit) return { at: "clicked", from: state.from, to };
      return finished(state.from, state.to, world);
    }
    if (state.at === "clicked" && event.type === "down") return finished(state.from, to, world);
    return state;
  },
  draft: (state) => (state.at === "idle" ? {} : { geometry: boxBetween(state.from, state.to) }),
};

function finished(from: Point, to: Point, world: World): State {
  world.draw(boxBetween(from, to), "Draw a box");
  return { at: "idle" };
}

function squared([ax, ay]: Point, [bx, by]: Point): Point {
  const side = Math.max(Math.abs(bx - ax), Math.abs(by - ay));
  return [ax + Math.sign(bx - ax) * side, ay + Math.sign(by - ay) * side];
}
