// The board as the workbench uses it, with a name in a chip on every shape.
import { createElement as h, useState } from "react";
import { createRoot } from "react-dom/client";
import { Board } from "../../ui/src/canvas/Board";
import { Doc } from "../../ui/src/model/document";
import { COLOURS, HEIGHT, WIDTH } from "./scene.js";

const classes = COLOURS.map((colour, id) => ({
  id,
  name: `class ${id}`,
  key: null,
  archived: false,
  colour,
  shapes: [],
  attributes: [],
  skeleton: null,
}));
const settings = { crosshair: false, brightness: 1, contrast: 1, rotation: 0, minSize: 3, snap: true, brushSize: 60 };
const filter = { classes: null, score: 0 };

function App({ image, doc }) {
  const [tool, setTool] = useState("select");
  window.setTool = setTool;
  return h(Board, {
    doc,
    image,
    width: WIDTH,
    height: HEIGHT,
    tool,
    classId: 0,
    classes,
    settings,
    filter,
    label: "benchmark",
    onTool: setTool,
    onHint: () => undefined,
  });
}

export function show(root, image, shapes) {
  const doc = Doc.from({ type: "shapes", shapes, tags: [] });
  window.doc = doc;
  createRoot(root).render(h(App, { image, doc }));
}

/** A mask over all 12 megapixels: a chequered floor of bars, a quarter of a million runs. */
export function giveMask() {
  const counts = [];
  let left = WIDTH * HEIGHT;
  for (let at = 0; left > 0; at += 1) {
    const run = Math.min(left, 30 + ((at * 7919) % 37));
    counts.push(run);
    left -= run;
  }
  const geometry = { kind: "mask", x: 0, y: 0, w: WIDTH, h: HEIGHT, counts };
  const shape = { id: "mask", class_id: 0, geometry, attributes: {}, group: null, score: null, model: null, iou: null };
  window.doc.apply({ put: [shape], selection: new Set(["mask"]) }, "A mask");
}
