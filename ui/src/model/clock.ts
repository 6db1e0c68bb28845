// Time spent on an item: idle time is cut, and a hidden tab does not count.

/** A pause without any key or pointer counts up to so many milliseconds. */
export const LONGEST_PAUSE = 60_000;

export class ItemClock {
  private spent = 0;
  private last: number | null = null;

  /** A new item is on the stage. Times are milliseconds of any steady clock. */
  start(now: number, visible: boolean): void {
    this.spent = 0;
    this.last = visible ? now : null;
  }

  /** The person moved or typed something. */
  stir(now: number): void {
    this.add(now);
    this.last = now;
  }

  hide(now: number): void {
    this.add(now);
    this.last = null;
  }

  /** Seconds so far. */
  seconds(now: number): number {
    return (this.spent + this.pause(now)) / 1000;
  }

  private add(now: number): void {
    this.spent += this.pause(now);
  }

  private pause(now: number): number {
    return this.last === null ? 0 : Math.min(Math.max(0, now - this.last), LONGEST_PAUSE);
  }
}
