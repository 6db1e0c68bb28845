// Class colours: seven of Okabe and Ito (2008), then thirteen found by search to stay apart (OKLab distance) in normal
// sight and under protanopia, deuteranopia and tritanopia (Machado 2009). From class 21 on they repeat with stripes.

export const CLASS_COLOURS = [
  "#0078b4",
  "#e1a500",
  "#00a578",
  "#d25a00",
  "#5ab4f0",
  "#d278a5",
  "#f0e13c",
  "#78004b",
  "#2d1ea5",
  "#4bfff0",
  "#9678ff",
  "#694b0f",
  "#b42d5a",
  "#69e187",
  "#5a4b96",
  "#d2c3ff",
  "#96c3b4",
  "#966987",
  "#00694b",
  "#b4ffa5",
] as const;

export interface ClassLook {
  colour: string;
  /** CSS background: the plain colour, or from the 21st class on the colour with stripes. */
  fill: string;
  /** Text that can be read on the plain colour. */
  ink: "#000000" | "#ffffff";
}

/** How a class looks everywhere. `classId` counts from 0. */
export function classLook(classId: number): ClassLook {
  const turn = Math.floor(classId / CLASS_COLOURS.length);
  const colour = CLASS_COLOURS[classId % CLASS_COLOURS.length] ?? CLASS_COLOURS[0];
  const ink = contrast(colour, "#000000") >= contrast(colour, "#ffffff") ? "#000000" : "#ffffff";
  if (turn === 0) {
    return { colour, fill: colour, ink };
  }
  const angle = [45, 135, 90, 0][(turn - 1) % 4];
  const stripe = ink === "#000000" ? "rgb(0 0 0 / 60%)" : "rgb(255 255 255 / 75%)";
  return { colour, fill: `repeating-linear-gradient(${angle}deg, ${colour} 0 3px, ${stripe} 3px 5px)`, ink };
}

/** Relative luminance of #rrggbb, 0 to 1 (WCAG 2). */
export function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast of two colours, 1 to 21 (WCAG 2). */
export function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}
