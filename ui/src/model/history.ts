// Undo and redo: a list of change-sets that each know how to be taken back. Nothing here knows what a change is.

/** What was done, and what takes it back. */
export interface Step<C> {
  label: string;
  forward: C;
  back: C;
  /** Steps of the same series directly after each other are one: pressing an arrow key ten times. */
  series: string | null;
}

const MOST = 1000;

export class History<C> {
  private done: Step<C>[] = [];
  private undone: Step<C>[] = [];

  /** `joined` makes one change of two directly after each other. */
  constructor(private readonly joined: (first: C, then: C) => C) {}

  push(step: Step<C>): void {
    const last = this.done.at(-1);
    if (last && step.series !== null && last.series === step.series && this.undone.length === 0) {
      this.done[this.done.length - 1] = {
        ...last,
        forward: this.joined(last.forward, step.forward),
        back: this.joined(step.back, last.back),
      };
    } else {
      this.done.push(step);
      this.done.splice(0, this.done.length - MOST);
    }
    this.undone = [];
  }

  /** The change that takes the last step back, null when there is none. */
  undo(): C | null {
    const step = this.done.pop();
    if (!step) return null;
    this.undone.push(step);
    return step.back;
  }

  redo(): C | null {
    const step = this.undone.pop();
    if (!step) return null;
    this.done.push(step);
    return step.forward;
  }

  /** The next step of the same series starts a new one. */
  close(): void {
    const last = this.done.at(-1);
    if (last) this.done[this.done.length - 1] = { ...last, series: null };
  }

  get undoLabel(): string | null {
    return this.done.at(-1)?.label ?? null;
  }

  get redoLabel(): string | null {
    return this.undone.at(-1)?.label ?? null;
  }
}
