// Mouse, pen and fingers on the board. One finger or the mouse works the tool; two fingers, the wheel and other buttons move the view.
import type { Point } from "../model/shape";
import type { Easel } from "./easel";

type Device = "mouse" | "pen" | "touch";

const DOUBLE = 350;
const DOUBLE_NEAR = 6;

export interface Hands {
  /** The hand tool is chosen: every pull moves the view. */
  panning: () => boolean;
}

/** Listens until the returned function is called. */
export function listen(element: HTMLElement, easel: Easel, hands: Hands): () => void {
  const fingers = new Map<number, Point>();
  let pulling: { id: number; from: Point } | null = null;
  let working: number | null = null;
  let penSeen = false;
  let last = { time: 0, at: [0, 0] as Point };

  const on = (event: MouseEvent): Point => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const keys = (event: PointerEvent) => ({
    shift: event.shiftKey,
    ctrl: event.ctrlKey || event.metaKey,
    alt: event.altKey,
    device: event.pointerType as Device,
    pressure: event.pressure,
  });

  const down = (event: PointerEvent) => {
    const at = on(event);
    if (event.pointerType === "pen") penSeen = true;
    if (event.pointerType === "touch") {
      fingers.set(event.pointerId, at);
      if (fingers.size === 2) {
        if (working !== null) easel.lost();
        working = null;
        pulling = null;
      }
      if (fingers.size > 1) return;
    }
    if (working !== null || pulling !== null) return;
    element.setPointerCapture(event.pointerId);
    // Where a pen is in use, the hand that rests on the screen does not draw.
    const moves = event.button !== 0 || hands.panning() || (event.pointerType === "touch" && penSeen);
    if (moves) {
      pulling = { id: event.pointerId, from: at };
      return;
    }
    working = event.pointerId;
    const twice = event.timeStamp - last.time < DOUBLE && near(at, last.at);
    last = { time: twice ? 0 : event.timeStamp, at };
    easel.pointer("down", at, keys(event));
    if (twice) easel.pointer("double", at, keys(event));
  };

  const move = (event: PointerEvent) => {
    const at = on(event);
    const before = fingers.get(event.pointerId);
    if (before && fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1] ?? before;
      fingers.set(event.pointerId, at);
      easel.view.pinch(centre(before, other), centre(at, other), apart(at, other) / Math.max(1, apart(before, other)));
      return;
    }
    if (before) fingers.set(event.pointerId, at);
    if (pulling?.id === event.pointerId) {
      easel.view.panBy(at[0] - pulling.from[0], at[1] - pulling.from[1]);
      pulling.from = at;
      return;
    }
    if (working !== null && working !== event.pointerId) return;
    if (event.pointerType === "touch" && working === null) return;
    // While pulling, every place the pointer went counts: strokes stay round.
    const passed = working === null ? [] : event.getCoalescedEvents();
    for (const one of passed.length > 1 ? passed : [event]) easel.pointer("move", on(one), keys(one));
  };

  const up = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    if (pulling?.id === event.pointerId) pulling = null;
    if (working !== event.pointerId) return;
    working = null;
    if (event.type === "pointerup") easel.pointer("up", on(event), keys(event));
    else easel.lost();
  };

  const leave = () => easel.hover(null);
  const menu = (event: Event) => event.preventDefault();
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const step = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (event.shiftKey) easel.view.panBy(-(event.deltaX || event.deltaY) * step, 0);
    else if (event.altKey) easel.view.panBy(0, -event.deltaY * step);
    else easel.view.zoomBy(Math.exp(-event.deltaY * step * (event.ctrlKey ? 0.01 : 0.002)), on(event));
  };

  const heard = [
    ["pointerdown", down],
    ["pointermove", move],
    ["pointerup", up],
    ["pointercancel", up],
    ["pointerleave", leave],
    ["contextmenu", menu],
  ] as const;
  for (const [name, listener] of heard) element.addEventListener(name, listener as EventListener);
  element.addEventListener("wheel", wheel, { passive: false });
  return () => {
    for (const [name, listener] of heard) element.removeEventListener(name, listener as EventListener);
    element.removeEventListener("wheel", wheel);
  };
}

function centre([ax, ay]: Point, [bx, by]: Point): Point {
  return [(ax + bx) / 2, (ay + by) / 2];
}

function apart([ax, ay]: Point, [bx, by]: Point): number {
  return Math.hypot(bx - ax, by - ay);
}

function near(one: Point, other: Point): boolean {
  return apart(one, other) < DOUBLE_NEAR;
}
