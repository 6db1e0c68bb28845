// The same for both: an image of 4,000 x 3,000 pixels and 1,000 shapes on it, half of them boxes, half polygons of 12 points.
export const WIDTH = 4000;
export const HEIGHT = 3000;
export const COLOURS = ["#0078b4", "#e1a500", "#00a578", "#d25a00", "#d278a5"];

/** Numbers between 0 and 1, the same in every run. */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function makeImage() {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d");
  const next = numbers(1);
  context.fillStyle = "#445";
  context.fillRect(0, 0, WIDTH, HEIGHT);
  for (let at = 0; at < 6000; at += 1) {
    context.fillStyle = `hsl(${next() * 360} 40% ${20 + next() * 60}%)`;
    context.fillRect(next() * WIDTH, next() * HEIGHT, 10 + next() * 90, 10 + next() * 90);
  }
  return createImageBitmap(canvas);
}

export function makeShapes(count) {
  const next = numbers(2);
  return Array.from({ length: count }, (_, at) => {
    const [w, h] = [40 + next() * 160, 40 + next() * 160];
    const [x, y] = [next() * (WIDTH - w), next() * (HEIGHT - h)];
    const base = { id: `s${at}`, class_id: at % COLOURS.length, attributes: {}, group: null, score: null, model: null, iou: null };
    if (at % 2 === 0) return { ...base, geometry: { kind: "box", x, y, w, h } };
    const ring = Array.from({ length: 12 }, (_, corner) => {
      const turn = (corner / 12) * 2 * Math.PI;
      const far = 0.35 + next() * 0.15;
      return [x + w / 2 + Math.cos(turn) * far * w, y + h / 2 + Math.sin(turn) * far * h];
    });
    return { ...base, geometry: { kind: "polygon", rings: [ring] } };
  });
}

/** The box that is dragged: the last, on top, in the middle of the stage when the whole image is shown. */
export const DRAGGED = { kind: "box", x: 1900, y: 1400, w: 200, h: 200 };
