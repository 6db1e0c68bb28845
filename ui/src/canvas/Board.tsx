// The drawing board as a component: React only hands over what the page knows, everything that moves is the easel's.
import { type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef } from "react";
import type { Command } from "../tools/tool";
import { Easel } from "./easel";
import { listen } from "./pointers";
import type { Setup } from "./setup";
import "./canvas.css";

export type { Command, ToolId } from "../tools/tool";
export type { Filter } from "./seen";
export type { Settings } from "./setup";

export interface BoardHandle {
  fit: () => void;
  /** 1: one pixel of the screen for every pixel of the image. */
  zoomTo: (scale: number) => void;
  zoomBy: (factor: number) => void;
  panBy: (dx: number, dy: number) => void;
  /** Brings a shape into the middle. */
  focus: (shapeId: string) => void;
  rotateView: (degrees: number) => void;
  /** finish, cancel or back; false when the tool had no use for it. */
  send: (command: Command) => boolean;
}

interface Props extends Setup {
  /** What a screen reader says of the board. */
  label: string;
  ref?: Ref<BoardHandle>;
}

export function Board({ label, ref, ...setup }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const top = useRef<HTMLCanvasElement>(null);
  const easel = useRef<Easel | null>(null);
  const latest = useRef(setup);
  useLayoutEffect(() => {
    latest.current = setup;
    easel.current?.update(setup);
  });
  useLayoutEffect(() => {
    if (!box.current || !base.current || !top.current) return;
    const element = box.current;
    const own = new Easel(base.current, top.current, latest.current);
    easel.current = own;
    const measure = () =>
      own.resize({ width: element.clientWidth, height: element.clientHeight }, window.devicePixelRatio || 1);
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    const deaf = listen(element, own, { panning: () => latest.current.tool === "pan" });
    return () => {
      watch.disconnect();
      deaf();
      own.close();
      easel.current = null;
    };
  }, []);
  // The size of a device pixel changes when a window goes to another screen, or with the browser's own zoom.
  useEffect(() => {
    const changed = () => {
      const element = box.current;
      if (!element) return;
      easel.current?.resize({ width: element.clientWidth, height: element.clientHeight }, window.devicePixelRatio || 1);
    };
    window.addEventListener("resize", changed);
    return () => window.removeEventListener("resize", changed);
  }, []);
  useImperativeHandle(ref, () => ({
    fit: () => easel.current?.view.fit(),
    zoomTo: (scale) => easel.current?.view.zoomTo(scale),
    zoomBy: (factor) => easel.current?.view.zoomBy(factor),
    panBy: (dx, dy) => easel.current?.view.panBy(dx, dy),
    focus: (id) => easel.current?.focus(id),
    rotateView: (degrees) => easel.current?.view.turn(degrees),
    send: (command) => easel.current?.send(command) ?? false,
  }));
  return (
    <div ref={box} className="board" data-tool={setup.tool}>
      <canvas ref={base} className="board-layer" role="img" aria-label={label} />
      <canvas ref={top} className="board-layer" />
    </div>
  );
}
