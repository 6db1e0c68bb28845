// How long it takes from a key to the next image painted, kept as a list for benchmarks: window.__modicumPaint, milliseconds.

declare global {
  interface Window {
    __modicumPaint?: number[];
  }
}

const MOST = 10_000;

export class PaintTimer {
  private pending: { since: number; before: number } | null = null;

  /** A decision key went down at `since` (performance time) while this item was on the stage. */
  start(since: number, itemId: number): void {
    this.pending = { since, before: itemId };
    performance.mark("modicum:key", { startTime: since });
  }

  /** An item has been drawn. The second animation frame after it begins when the first has been painted. */
  drawn(itemId: number): void {
    const { pending } = this;
    if (!pending || pending.before === itemId) return;
    this.pending = null;
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        performance.measure("modicum:key-to-paint", { start: pending.since, end: performance.now() });
        window.__modicumPaint ??= [];
        window.__modicumPaint.push(performance.now() - pending.since);
        window.__modicumPaint.splice(0, window.__modicumPaint.length - MOST);
        performance.clearMarks("modicum:key");
        performance.clearMeasures("modicum:key-to-paint");
      }),
    );
  }
}
