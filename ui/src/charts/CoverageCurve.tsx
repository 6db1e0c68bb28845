// Coverage against error, drawn by uPlot, with a point on it that keys and the pointer move.
import { type KeyboardEvent, type PointerEvent, useEffect, useRef } from "react";
import type uPlot from "uplot";
import { ceiling, coverageDescribed, moved, type Point, placeOf } from "../model/certificates";
import { share, type Wish } from "../model/wish";
import { tokenColour, useTheme } from "./colours";
import { coverageOptions } from "./coverageOptions";
import "uplot/dist/uPlot.min.css";

interface Props {
  /** The strictest threshold first. */
  curve: readonly Point[];
  operating: Point | null;
  wish: Wish;
  /** Where the point stands on the curve. */
  at: number;
  /** What the point says, for those who cannot see it. */
  said: string;
  onMove: (at: number) => void;
}

const HEIGHT_PX = 320;

export function CoverageCurve({ curve, operating, wish, at, said, onMove }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const point = useRef<Point | null>(null);
  point.current = curve[at] ?? null;
  const theme = useTheme();
  const { auto_error, guarantee } = wish;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme is read from the page.
  useEffect(() => {
    const place = box.current;
    if (!place) return;
    let gone = false;
    let watch: ResizeObserver | null = null;
    void import("uplot").then(({ default: UPlot }) => {
      if (gone) return;
      const options = coverageOptions({
        curve,
        operating,
        limit: (coverage) => (guarantee === "whole" ? auto_error / coverage : auto_error),
        top: ceiling(curve, operating, auto_error),
        now: () => point.current,
        colour: (name) => tokenColour(name, place),
        width: place.clientWidth,
        height: HEIGHT_PX,
      });
      const made = new UPlot(options, [curve.map((one) => one.coverage), curve.map((one) => one.error.mean)], place);
      plot.current = made;
      watch = new ResizeObserver(() => made.setSize({ width: place.clientWidth, height: HEIGHT_PX }));
      watch.observe(place);
    });
    return () => {
      gone = true;
      watch?.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [curve, operating, auto_error, guarantee, theme]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the point is drawn where it stands now.
  useEffect(() => plot.current?.redraw(false, false), [at]);

  const step = (event: KeyboardEvent) => {
    const to = moved(at, event.key, curve.length);
    if (to === null) return;
    event.preventDefault();
    onMove(to);
  };
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    const made = plot.current;
    if (!made || (event.buttons & 1) === 0) return;
    if (event.type === "pointerdown") event.currentTarget.setPointerCapture(event.pointerId);
    const left = event.clientX - made.over.getBoundingClientRect().left;
    onMove(placeOf(curve, made.posToVal(left, "x")));
  };
  const measured = Math.max(0, ...curve.map((one) => one.error.n));
  return (
    <>
      <ul className="legend" aria-hidden="true">
        <li>
          <span className="stroke" data-of="model" /> measured on {measured} held-out images, with its 95% band
        </li>
        <li>
          <span className="dot" data-of="moved" /> the point you move
        </li>
        {operating && (
          <li>
            <span className="dot" data-of="operating" /> where the wish leads
          </li>
        )}
        <li>
          <span className="stroke" data-of="wish" /> {share(auto_error)}
          {guarantee === "whole" ? " of the pool" : ""} may be wrong
        </li>
      </ul>
      <div
        ref={box}
        className="plot plot-drag"
        style={{ height: HEIGHT_PX }}
        role="slider"
        tabIndex={0}
        aria-label={`Coverage against error. ${coverageDescribed(curve)}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round((curve[at]?.coverage ?? 0) * 100)}
        aria-valuetext={said}
        onKeyDown={step}
        onPointerDown={drag}
        onPointerMove={drag}
      />
    </>
  );
}
