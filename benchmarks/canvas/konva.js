// The peer: react-konva as its own guides advise for many shapes. No hit test on the image, no perfect drawing.
import Konva from "konva";
import { createElement as h, memo, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import { Image, Label, Layer, Line, Rect, Stage, Tag, Text } from "react-konva";
import { COLOURS, HEIGHT, WIDTH } from "./scene.js";

const Shapes = memo(({ shapes }) =>
  shapes.map(({ id, class_id, geometry }) => {
    const look = {
      key: id,
      stroke: COLOURS[class_id],
      fill: `${COLOURS[class_id]}33`,
      strokeWidth: 2,
      strokeScaleEnabled: false,
      perfectDrawEnabled: false,
      shadowForStrokeEnabled: false,
      draggable: true,
    };
    if (geometry.kind === "box") return h(Rect, { ...look, x: geometry.x, y: geometry.y, width: geometry.w, height: geometry.h });
    return h(Line, { ...look, points: geometry.rings[0].flat(), closed: true });
  }),
);

/** A name in a filled chip, one for each shape, as the board has them. They grow with the image, which is less work. */
const Labels = memo(({ shapes }) =>
  shapes.map(({ id, class_id, geometry }) => {
    const [x, y] = geometry.kind === "box" ? [geometry.x, geometry.y] : geometry.rings[0][9];
    return h(
      Label,
      { key: id, x, y: y - 54, listening: false },
      h(Tag, { fill: COLOURS[class_id], perfectDrawEnabled: false }),
      h(Text, { text: `class ${class_id}`, fontSize: 36, padding: 8, fill: "#000", perfectDrawEnabled: false }),
    );
  }),
);

function App({ image, shapes, labels }) {
  const fit = Math.min(window.innerWidth / WIDTH, window.innerHeight / HEIGHT);
  const [view, setView] = useState({
    scale: fit,
    x: (window.innerWidth - WIDTH * fit) / 2,
    y: (window.innerHeight - HEIGHT * fit) / 2,
  });
  // The middle button pans; it must not drag the shape under it.
  const last = useRef(null);
  const onWheel = ({ evt }) => {
    evt.preventDefault();
    const factor = Math.exp(-evt.deltaY * 0.002);
    setView((now) => ({
      scale: now.scale * factor,
      x: evt.clientX - (evt.clientX - now.x) * factor,
      y: evt.clientY - (evt.clientY - now.y) * factor,
    }));
  };
  return h(
    Stage,
    {
      width: window.innerWidth,
      height: window.innerHeight,
      scaleX: view.scale,
      scaleY: view.scale,
      x: view.x,
      y: view.y,
      onWheel,
      onMouseDown: ({ evt }) => {
        last.current = evt.button === 1 ? [evt.clientX, evt.clientY] : null;
      },
      onMouseMove: ({ evt }) => {
        if (!last.current || evt.buttons !== 4) return;
        const [x, y] = last.current;
        last.current = [evt.clientX, evt.clientY];
        setView((now) => ({ ...now, x: now.x + evt.clientX - x, y: now.y + evt.clientY - y }));
      },
    },
    h(Layer, { listening: false }, h(Image, { image, width: WIDTH, height: HEIGHT, perfectDrawEnabled: false })),
    h(Layer, null, h(Shapes, { shapes }), labels && h(Labels, { shapes })),
  );
}

export function show(root, image, shapes, labels) {
  Konva.dragButtons = [0];
  createRoot(root).render(h(App, { image, shapes, labels }));
}
