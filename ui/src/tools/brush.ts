// Brush and eraser. Every stroke is one step: the first makes a mask, the next go on with the selected one.
import { randomKey } from "../model/ids";
import type { Mask } from "../model/masks";
import { defaultAttributes, newShape, type Point, type Shape } from "../model/shape";
import { MaskAtWork } from "../model/strokes";
import { adoptPainted, forgetPainted, paintInto } from "../shapes/mask";
import type { PointerAt, Tool, World } from "./tool";

type MaskShape = Shape & { geometry: Mask };

interface Stroke {
  at: Point;
  erase: boolean;
  /** The mask it goes on with; null for a new one. */
  shape: MaskShape | null;
  colour: string;
}

interface State {
  over: { at: Point; radius: number } | null;
  stroke: Stroke | null;
}

/** The one mask at work in this tab. It stays after a stroke: the next one on the same mask begins without unpacking it. */
interface Desk {
  work: MaskAtWork;
  canvas: HTMLCanvasElement;
  holds: Mask | null;
  colour: string | null;
}
let desk: Desk | null = null;

const START: State = { over: null, stroke: null };

function paintingTool(erases: boolean): Tool<State> {
  return {
    start: START,
    hint: erases
      ? "Pull over what does not belong to the selected mask"
      : "Paint; every stroke adds to the selected mask, Alt takes away, Esc begins a new one",
    cursor: () => "none",
    busy: (state) => state.stroke !== null,
    on(state, event, world) {
      switch (event.type) {
        case "lost":
          return { over: null, stroke: finished(state.stroke, world) };
        case "command":
          return event.command === "cancel" && state.stroke ? { ...state, stroke: undone() } : state;
        case "double":
          return state;
        case "down": {
          const stroke = begun(erases || event.alt, event.at, world);
          if (stroke) paint(stroke, event.at, event, world);
          return { over: over(event, world), stroke };
        }
        case "move":
          if (state.stroke) paint(state.stroke, state.stroke.at, event, world);
          return {
            over: over(event, world),
            stroke: state.stroke && { ...state.stroke, at: event.at },
          };
        case "up":
          return { ...state, stroke: finished(state.stroke, world) };
      }
    },
    draft({ over, stroke }) {
      const ring = over ? { ring: over } : {};
      if (!stroke || !desk) return ring;
      const shapes = stroke.shape ? { without: [stroke.shape.id] } : {};
      return { ...ring, ...shapes, pixels: { canvas: desk.canvas, fresh: desk.work.takeFresh() } };
    },
  };
}

export const brushTool = paintingTool(false);
export const eraserTool = paintingTool(true);

function radius({ device, pressure }: PointerAt, world: World): number {
  // A pen paints thinner when it hardly touches.
  return (world.brushSize / 2) * (device === "pen" && pressure > 0 ? 0.4 + 0.6 * pressure : 1);
}

function over(event: PointerAt, world: World): State["over"] {
  return { at: event.at, radius: radius(event, world) };
}

function begun(erase: boolean, at: Point, world: World): Stroke | null {
  const shape = target(erase, at, world);
  if (erase && !shape) {
    world.hint("There is no mask here to take from: select one first");
    return null;
  }
  if (!shape && !world.may("mask")) return null;
  const colour = world.colour(shape?.class_id ?? world.classId ?? 0);
  const { width, height } = world.image;
  if (desk?.work.size.width !== width || desk.work.size.height !== height) {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    desk = { work: new MaskAtWork(world.image), canvas, holds: null, colour: null };
  }
  const context = desk.canvas.getContext("2d");
  const mask = shape?.geometry ?? null;
  if (mask === null || desk.holds !== mask || desk.colour !== colour) {
    if (desk.holds) forgetPainted(desk.holds);
    desk.work.take(mask);
    context?.clearRect(0, 0, width, height);
    if (mask && context) paintInto(context, mask, colour);
  } else {
    forgetPainted(mask); // its canvas is about to change
  }
  if (context) context.fillStyle = colour;
  desk.holds = null;
  desk.colour = colour;
  return { at, erase, shape, colour };
}

/** The selected mask; an eraser without one takes the mask under it. */
function target(erase: boolean, at: Point, world: World): MaskShape | null {
  const chosen = world.doc.selected.find((shape): shape is MaskShape => isMask(shape) && world.free(shape));
  if (chosen || !erase) return chosen ?? null;
  const found = world.find(at);
  return found && isMask(found) ? found : null;
}

function isMask(shape: Shape): shape is MaskShape {
  return shape.geometry.kind === "mask";
}

function paint(stroke: Stroke, from: Point, event: PointerAt, world: World): void {
  if (!desk) return;
  desk.work.stroke(from, event.at, radius(event, world), stroke.erase, desk.canvas.getContext("2d"));
}

function undone(): null {
  desk = null; // what was painted is on no shape
  return null;
}

function finished(stroke: Stroke | null, world: World): null {
  if (!stroke || !desk) return null;
  const mask = desk.work.mask();
  const { doc, classId } = world;
  if (!mask) {
    if (stroke.shape) doc.apply({ drop: [stroke.shape.id] }, "Erase a mask");
    return null;
  }
  desk.holds = mask;
  adoptPainted(mask, stroke.colour, desk.canvas);
  const label = stroke.erase ? "Erase" : "Paint";
  if (stroke.shape) {
    const undecided = new Set(doc.snapshot.undecided);
    const waited = undecided.delete(stroke.shape.id);
    const put = [{ ...stroke.shape, geometry: mask }];
    doc.apply(waited ? { put, undecided } : { put, selection: new Set([stroke.shape.id]) }, label);
    return null;
  }
  const entry = world.classes[classId ?? -1];
  const shape = newShape(randomKey().slice(0, 16), classId ?? 0, mask, defaultAttributes(entry));
  doc.apply({ put: [shape], selection: new Set([shape.id]) }, label);
  return null;
}
