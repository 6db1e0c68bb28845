// The way along edges from the last click to the pointer, asked for while the pointer moves: one question at a time.
import { distance } from "../model/geometry";
import type { Point } from "../model/shape";
import type { Answer, World } from "./tool";

export interface Wire {
  /** Between the clicks so far, one part less than there are clicks. */
  legs: readonly (readonly Point[])[];
  /** From the last click to where the pointer was when it was asked for. */
  way: readonly Point[];
  pointer: Point | null;
  /** The number of the question under way; 0 while there is none. */
  asked: number;
}

export const SLACK: Wire = { legs: [], way: [], pointer: null, asked: 0 };
const STEP = 4;
const NEAR = 12;

/** The pointer went on: asks for the way there, unless an answer is still awaited. `number` is the question's, if it is asked. */
export function followed(wire: Wire, from: Point, to: Point, world: World, number: () => number): Wire {
  const reached = wire.way.at(-1);
  if (wire.asked !== 0 || distance(from, to) < STEP * world.unit) return { ...wire, pointer: to };
  if (reached && distance(reached, to) < STEP * world.unit) return { ...wire, pointer: to };
  const asked = number();
  world.assist?.({ tool: "scissors", as: "polyline", points: [from, to] }, asked);
  return { ...wire, pointer: to, asked };
}

/** The way has come; where the pointer is elsewhere by now it is asked for again. A way that does not come leaves the last one. */
export function arrived(wire: Wire, { proposals }: Answer, from: Point, world: World, number: () => number): Wire {
  const [found] = proposals;
  const next = { ...wire, asked: 0, way: found?.kind === "polyline" ? found.points : wire.way };
  return found && next.pointer ? followed(next, from, next.pointer, world, number) : next;
}

/** A click made the way a part of the outline; a straight line where no way leads there yet. */
export function clicked(wire: Wire, from: Point | undefined, at: Point, unit: number): Wire {
  if (!from) return SLACK;
  const reached = wire.way.at(-1);
  const leg = reached && distance(reached, at) < NEAR * unit ? wire.way : [from, at];
  return { ...SLACK, legs: [...wire.legs, leg] };
}

/** Without the last part. */
export function shortened(wire: Wire): Wire {
  return { ...SLACK, legs: wire.legs.slice(0, -1) };
}

/** What to draw: all of it as long as nothing is proposed, else only the way to the pointer. */
export function lineOf(wire: Wire, proposed: boolean): readonly Point[] {
  return proposed ? wire.way : [...wire.legs.flat(), ...wire.way];
}
