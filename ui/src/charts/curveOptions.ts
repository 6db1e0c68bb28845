// What uPlot is told for the learning curve: scales, lines, axes, the bands beneath them, and reading under the pointer.
import type uPlot from "uplot";
import { band, floor, type Point } from "../model/curve";
import { count } from "../model/figures";
import { fill } from "./band";

interface Wanted {
  curve: readonly Point[];
  control: readonly Point[];
  colour: (token: string) => string;
  width: number;
  height: number;
  /** The column under the pointer; null when it left. */
  onRead: (column: number | null) => void;
}

export function curveOptions({ curve, control, colour, width, height, onRead }: Wanted): uPlot.Options {
  const model = colour("--accent");
  const quiet = colour("--text-quiet");
  const axis = { stroke: quiet, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif" };
  const grid = { stroke: colour("--line"), width: 1 };
  const most = Math.max(1, ...curve.map((p) => p.labels), ...control.map((p) => p.labels));
  const line = (stroke: string, extra: Partial<uPlot.Series>): uPlot.Series => ({
    stroke,
    width: 2,
    spanGaps: true,
    ...extra,
  });
  return {
    width,
    height,
    legend: { show: false },
    cursor: { drag: { x: false, y: false, setScale: false }, y: false, points: { size: 9 } },
    scales: { x: { time: false, range: [0, most * 1.02] }, y: { range: [floor(curve, control), 1] } },
    series: [
      {},
      line(model, { width: 2.5, points: { show: true, size: 6, fill: model } }),
      line(quiet, { points: { show: false } }),
      line(quiet, { dash: [5, 5], points: { show: false } }),
    ],
    axes: [
      {
        ...axis,
        grid: { show: false },
        ticks: grid,
        label: "labels used",
        labelSize: 20,
        size: 36,
        values: (_, at) => at.map(whole),
      },
      {
        ...axis,
        grid,
        ticks: { show: false },
        size: 48,
        values: (_, at) => at.map((share) => `${Math.round(share * 100)}%`),
      },
    ],
    hooks: {
      drawAxes: [
        (plot) => {
          fill(plot, band(control.filter((point) => !point.extrapolated)), quiet, 0.1);
          fill(plot, band(curve), model, 0.18);
        },
      ],
      setCursor: [(plot) => onRead(plot.cursor.idx ?? null)],
    },
  };
}

/** Half a label is no label: fractions on the axis stay empty. */
function whole(value: number): string {
  return Number.isInteger(value) ? count(value) : "";
}
