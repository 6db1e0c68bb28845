// What uPlot is told for coverage against error: scales, axes, the band, and the marks on the line.
import type uPlot from "uplot";
import type { Point } from "../model/certificates";
import { fill } from "./band";

interface Wanted {
  curve: readonly Point[];
  operating: Point | null;
  /** The share that may be wrong at a coverage. */
  limit: (coverage: number) => number;
  top: number;
  /** The point that is moved, asked for at every drawing. */
  now: () => Point | null;
  colour: (token: string) => string;
  width: number;
  height: number;
}

export function coverageOptions({ curve, operating, limit, top, now, colour, width, height }: Wanted): uPlot.Options {
  const accent = colour("--accent");
  const quiet = colour("--text-quiet");
  const axis = { stroke: quiet, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif" };
  const grid = { stroke: colour("--line"), width: 1 };
  const digits = top <= 0.06 ? 1 : 0;
  const shares = (at: number[], to: number) => at.map((share) => `${(share * 100).toFixed(to)}%`);
  return {
    width,
    height,
    padding: [12, 16, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: [0, 1] }, y: { range: [0, top] } },
    series: [{}, { stroke: accent, width: 2.5, points: { show: false } }],
    axes: [
      {
        ...axis,
        grid: { show: false },
        ticks: grid,
        label: "covered, of the unlabeled images",
        labelSize: 20,
        size: 36,
        values: (_, at) => shares(at, 0),
      },
      {
        ...axis,
        grid,
        ticks: { show: false },
        label: "wrong, of the covered",
        labelSize: 20,
        size: 48,
        values: (_, at) => shares(at, digits),
      },
    ],
    hooks: {
      drawAxes: [
        (plot) =>
          fill(
            plot,
            curve.map(({ coverage, error }) => [coverage, error.low, error.high]),
            accent,
            0.18,
          ),
        (plot) => wished(plot, limit, colour("--warn")),
      ],
      draw: [
        (plot) => {
          const point = now();
          if (point) mark(plot, point, { stroke: accent, fill: accent, shape: "circle" });
        },
        // Hollow and larger than the circle: where both stand in one place, both are seen.
        (plot) => operating && mark(plot, operating, { stroke: colour("--text"), fill: null, shape: "diamond" }),
      ],
    },
  };
}

/** The dashed line of what may be wrong: beneath it the wish is kept. */
function wished(plot: uPlot, limit: (coverage: number) => number, colour: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 5 * devicePixelRatio]);
  ctx.beginPath();
  for (let step = 1; step <= 100; step++) {
    const coverage = step === 1 ? 0.001 : step / 100;
    ctx.lineTo(plot.valToPos(coverage, "x", true), plot.valToPos(limit(coverage), "y", true));
  }
  ctx.stroke();
  ctx.restore();
}

interface Look {
  stroke: string;
  fill: string | null;
  shape: "circle" | "diamond";
}

/** A point with its interval as an upright stroke. */
function mark(plot: uPlot, { coverage, error }: Point, look: Look): void {
  const { ctx, bbox } = plot;
  const unit = devicePixelRatio;
  const x = plot.valToPos(coverage, "x", true);
  const y = (share: number) => Math.max(bbox.top, Math.min(bbox.top + bbox.height, plot.valToPos(share, "y", true)));
  const size = (look.shape === "circle" ? 7 : 12) * unit;
  ctx.save();
  ctx.strokeStyle = look.stroke;
  ctx.lineWidth = 2 * unit;
  ctx.beginPath();
  ctx.moveTo(x, y(error.low));
  ctx.lineTo(x, y(error.high));
  for (const end of [error.low, error.high]) {
    ctx.moveTo(x - 5 * unit, y(end));
    ctx.lineTo(x + 5 * unit, y(end));
  }
  ctx.stroke();
  ctx.beginPath();
  if (look.shape === "circle") ctx.arc(x, y(error.mean), size, 0, 2 * Math.PI);
  else {
    ctx.moveTo(x, y(error.mean) - size);
    ctx.lineTo(x + size, y(error.mean));
    ctx.lineTo(x, y(error.mean) + size);
    ctx.lineTo(x - size, y(error.mean));
    ctx.closePath();
  }
  if (look.fill) {
    ctx.fillStyle = look.fill;
    ctx.fill();
  }
  ctx.stroke();
  ctx.restore();
}
