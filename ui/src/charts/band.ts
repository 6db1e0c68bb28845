// A filled band beneath the lines of a picture.
import type uPlot from "uplot";

/** uPlot's own bands break where one series has no point; the outline drawn here does not. */
export function fill(plot: uPlot, outline: readonly [number, number, number][], colour: string, alpha: number): void {
  if (outline.length === 0) return;
  const { ctx } = plot;
  const x = (at: number) => plot.valToPos(at, "x", true);
  const y = (share: number) => plot.valToPos(share, "y", true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
  ctx.clip();
  ctx.globalAlpha = alpha;
  ctx.fillStyle = colour;
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.beginPath();
  for (const [at, low] of outline) ctx.lineTo(x(at), y(low));
  for (const [at, , high] of [...outline].reverse()) ctx.lineTo(x(at), y(high));
  ctx.closePath();
  ctx.fill();
  // A single point has no area: its interval is drawn as an upright stroke.
  if (outline.length === 1) {
    ctx.globalAlpha = 0.6;
    ctx.stroke();
  }
  ctx.restore();
}
