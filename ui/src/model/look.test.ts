import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CLASS_COLOURS, classLook, contrast } from "./palette";

type Triple = [number, number, number];

const linear = (hex: string): Triple =>
  [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as Triple;

const times = (matrix: Triple[], [x, y, z]: Triple): Triple =>
  matrix.map(([a, b, c]) => a * x + b * y + c * z) as Triple;

// Machado, Oliveira and Fernandes (2009), severity 1.
const SIGHTS: Record<string, Triple[]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

// Ottosson (2020), OKLab.
function oklab(rgb: Triple): Triple {
  const cone = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    rgb.map((part) => Math.min(1, Math.max(0, part))) as Triple,
  ).map(Math.cbrt) as Triple;
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    cone,
  );
}

describe("class colours", () => {
  it.each(Object.entries(SIGHTS))("stay apart to twenty classes in %s", (_, matrix) => {
    const seen = CLASS_COLOURS.map((hex) => oklab(times(matrix, linear(hex))));
    for (const [at, one] of seen.entries()) {
      for (const other of seen.slice(at + 1)) {
        expect(Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2])).toBeGreaterThan(0.06);
      }
    }
  });

  it("repeat with a pattern, so that no two of sixty classes look the same", () => {
    expect(new Set(Array.from({ length: 60 }, (_, id) => classLook(id).fill)).size).toBe(60);
  });

  it("carry text that can be read", () => {
    for (const colour of CLASS_COLOURS) {
      expect(contrast(colour, classLook(CLASS_COLOURS.indexOf(colour)).ink)).toBeGreaterThanOrEqual(4.5);
    }
  });
});

describe("tokens", () => {
  const css = readFileSync(new URL("../styles/tokens.css", import.meta.url), "utf8");
  const token = (name: string): [string, string] => {
    const found = new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css);
    if (!found?.[1] || !found[2]) throw new Error(`no token --${name} with two colours`);
    return [found[1], found[2]];
  };

  it.each([
    ["text", ["bg", "surface", "sunken", "hover", "accent-soft", "warn-soft", "bad-soft"]],
    ["text-quiet", ["bg", "surface", "sunken", "hover"]],
    ["accent", ["bg", "surface"]],
    ["on-accent", ["accent"]],
    ["good", ["surface"]],
    ["warn", ["surface", "warn-soft"]],
    ["bad", ["surface", "bg", "bad-soft"]],
  ])("%s can be read on its grounds, in light and in dark", (name, grounds) => {
    for (const ground of grounds) {
      for (const scheme of [0, 1] as const) {
        expect(contrast(token(name)[scheme], token(ground)[scheme]), `${name} on ${ground}`).toBeGreaterThanOrEqual(
          4.5,
        );
      }
    }
  });

  it("borders of controls stand out from their ground", () => {
    for (const scheme of [0, 1] as const) {
      expect(contrast(token("line-strong")[scheme], token("surface")[scheme])).toBeGreaterThanOrEqual(3);
    }
  });
});
