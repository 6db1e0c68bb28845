// How shapes look: colours by class, line widths, and the chip with name and score. Chips are painted once and then blitted.
import { classLook, contrast } from "../model/palette";
import type { Class, Shape } from "../model/shape";
import type { Paint } from "../shapes/kind";

const LINE = 2;
const DOT = 4.5;
const FILL = "33"; // a fifth
const FILL_CHOSEN = "55";
const DASH = [6, 4];
const FONT = '600 12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
const CHIP_HEIGHT = 18;
const CHIP_PADDING = 5;
const MOST_CHIPS = 4000;

export interface Chip {
  canvas: HTMLCanvasElement;
  /** In CSS pixels. */
  width: number;
  height: number;
}

export class Looks {
  private readonly chips = new Map<string, Chip>();

  constructor(
    readonly classes: readonly Class[],
    readonly dots: number,
  ) {}

  colour(classId: number): string {
    return this.classes[classId]?.colour ?? classLook(classId).colour;
  }

  /** `unit` is the length of one CSS pixel in image pixels: lines keep their width at every zoom. */
  paint(classId: number, unit: number, chosen: boolean): Paint {
    const colour = this.colour(classId);
    return {
      colour,
      chosen,
      fill: colour + (chosen ? FILL_CHOSEN : FILL),
      line: (chosen ? LINE + 1 : LINE) * unit,
      dot: (chosen ? DOT + 1 : DOT) * unit,
      skeleton: this.classes[classId]?.skeleton ?? null,
    };
  }

  dash(unit: number): number[] {
    return DASH.map((length) => length * unit);
  }

  chip(shape: Shape, undecided: boolean): Chip {
    const name = this.classes[shape.class_id]?.name ?? `class ${shape.class_id}`;
    const score = undecided && shape.score !== null ? ` ${Math.round(shape.score * 100)}%` : "";
    const colour = this.colour(shape.class_id);
    const key = `${colour} ${name}${score}`;
    let chip = this.chips.get(key);
    if (!chip) {
      if (this.chips.size >= MOST_CHIPS) this.chips.clear();
      chip = paintedChip(shorter(name) + score, colour, this.dots);
      this.chips.set(key, chip);
    }
    return chip;
  }
}

function shorter(name: string): string {
  const letters = [...name];
  return letters.length > 28 ? `${letters.slice(0, 27).join("")}…` : name;
}

function paintedChip(text: string, colour: string, dots: number): Chip {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  if (!context) return { canvas, width: 0, height: 0 };
  context.font = FONT;
  const width = Math.ceil(context.measureText(text).width) + 2 * CHIP_PADDING;
  canvas.width = Math.ceil(width * dots);
  canvas.height = Math.ceil(CHIP_HEIGHT * dots);
  context.scale(dots, dots);
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(0, 0, width, CHIP_HEIGHT, [3, 3, 3, 0]);
  context.fill();
  context.font = FONT;
  context.fillStyle = inkOn(colour);
  context.textBaseline = "middle";
  context.fillText(text, CHIP_PADDING, CHIP_HEIGHT / 2 + 0.5);
  return { canvas, width, height: CHIP_HEIGHT };
}

/** Text that can be read on a colour. */
export function inkOn(colour: string): "#000000" | "#ffffff" {
  return contrast(colour, "#000000") >= contrast(colour, "#ffffff") ? "#000000" : "#ffffff";
}
