// Where things lie in a grid of equal squares, and where a key leads. Indices count from 0, row by row.

export interface Layout {
  columns: number;
  /** Side of a cell with its gap, in CSS pixels. */
  step: number;
  count: number;
}

/** As many columns as fit with cells of about the wanted side; the cells share the width. */
export function layout(width: number, wanted: number, count: number): Layout {
  const columns = Math.max(1, Math.floor(width / wanted));
  return { columns, step: width / columns, count };
}

export type Move = "left" | "right" | "up" | "down" | "first" | "last";

/** The index a move leads to; it stays on the grid. */
export function moved(from: number, move: Move, { columns, count }: Layout): number {
  const last = count - 1;
  const to = {
    left: from - 1,
    right: from + 1,
    up: from - columns >= 0 ? from - columns : from,
    down:
      from + columns <= last ? from + columns : Math.floor(from / columns) < Math.floor(last / columns) ? last : from,
    first: 0,
    last,
  }[move];
  return Math.min(Math.max(to, 0), Math.max(last, 0));
}

export interface Point {
  x: number;
  y: number;
}

/** The cells a rectangle touches; points are relative to the grid's top left corner, scrolled parts included. */
export function touched(from: Point, to: Point, { columns, step, count }: Layout): number[] {
  const cell = (value: number) => Math.floor(value / step);
  const [left, right] = [cell(Math.min(from.x, to.x)), Math.min(columns - 1, cell(Math.max(from.x, to.x)))];
  const [top, bottom] = [cell(Math.min(from.y, to.y)), cell(Math.max(from.y, to.y))];
  const found: number[] = [];
  for (let row = Math.max(0, top); row <= bottom; row += 1) {
    for (let column = Math.max(0, left); column <= right; column += 1) {
      const index = row * columns + column;
      if (index < count) found.push(index);
    }
  }
  return found;
}

/** All indices from one to another, both included, in either order. */
export function between(one: number, other: number): number[] {
  const first = Math.min(one, other);
  return Array.from({ length: Math.abs(one - other) + 1 }, (_, step) => first + step);
}
