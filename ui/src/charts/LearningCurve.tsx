// The learning curve with its band against the random control, drawn by uPlot. Pointer or arrow keys read values.
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type uPlot from "uplot";
import { columns, described, FEWEST, floor, type Point, reading } from "../model/curve";
import { counted } from "../model/figures";
import { tokenColour, useTheme } from "./colours";
import { curveOptions } from "./curveOptions";
import "uplot/dist/uPlot.min.css";

interface Props {
  /** What to draw: `drawn` of model/curve.ts. The effect below redraws when these change. */
  curve: readonly Point[];
  control: readonly Point[];
  hidden: number;
}

const HEIGHT_PX = 300;

export function LearningCurve({ curve, control, hidden }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const theme = useTheme();
  const aligned = columns(curve, control);
  const last = aligned.labels.length - 1;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme is read from the page; columns follow from the points.
  useEffect(() => {
    const place = box.current;
    if (!place) return;
    let gone = false;
    let watch: ResizeObserver | null = null;
    // Only the Progress page needs it: the way to the first image does not wait for a chart library.
    void import("uplot").then(({ default: UPlot }) => {
      if (gone) return;
      const colour = (name: string) => tokenColour(name, place);
      const options = curveOptions({
        curve,
        control,
        colour,
        width: place.clientWidth,
        height: HEIGHT_PX,
        onRead: setAt,
      });
      const data = [aligned.labels, aligned.accuracy, aligned.control, aligned.beyond] as uPlot.AlignedData;
      const made = new UPlot(options, data, place);
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
  }, [curve, control, theme]);

  const step = (event: KeyboardEvent) => {
    const now = at ?? last + 1;
    const to: Record<string, number> = {
      ArrowLeft: now - 1,
      ArrowRight: at === null ? 0 : now + 1,
      Home: 0,
      End: last,
    };
    const next = to[event.key];
    const made = plot.current;
    const x = aligned.labels[Math.max(0, Math.min(last, next ?? 0))];
    if (next === undefined || !made || x === undefined) return;
    event.preventDefault();
    made.setCursor({ left: made.valToPos(x, "x"), top: made.valToPos(floor(curve, control), "y") - 1 });
  };
  const labels = at === null ? null : (aligned.labels[at] ?? null);
  const read = labels === null ? "" : reading(curve, control, labels);

  return (
    <>
      <ul className="legend" aria-hidden="true">
        <li>
          <span className="stroke" data-of="model" /> this project, with its 95% band
        </li>
        {control.length > 0 && (
          <li>
            <span className="stroke" data-of="random" /> random order
          </li>
        )}
        {control.some((point) => point.extrapolated) && (
          <li>
            <span className="stroke" data-of="beyond" /> random order, estimated
          </li>
        )}
      </ul>
      <div
        ref={box}
        className="plot"
        style={{ height: HEIGHT_PX }}
        role="slider"
        tabIndex={0}
        aria-label={`Learning curve. ${described(curve, control)}`}
        aria-valuemin={aligned.labels[0] ?? 0}
        aria-valuemax={aligned.labels[last] ?? 0}
        aria-valuenow={labels ?? aligned.labels[last] ?? 0}
        aria-valuetext={read || described(curve, control)}
        onKeyDown={step}
      />
      <p className="reading number">{read || "Point at the curve, or use the arrow keys, to read values."}</p>
      {hidden > 0 && (
        <p className="quiet small">
          {counted(hidden, "early point")} measured on fewer than {FEWEST} images: in the table only.
        </p>
      )}
    </>
  );
}
