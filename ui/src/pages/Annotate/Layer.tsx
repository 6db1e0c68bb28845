// One item painted on its own canvas. The coming items lie painted behind the current one: a key only lifts the next to the top.
import { useLayoutEffect, useRef, useSyncExternalStore } from "react";
import type { Wire } from "../../api/client";
import type { Size, View } from "../../model/view";
import type { Pictures } from "./pictures";

interface Props {
  item: Wire["Item"];
  pictures: Pictures;
  stage: Size;
  view: View;
  /** Zoomed by the person, not only enlarged to fit. */
  zoomedIn: boolean;
  front: boolean;
  /** The front item has been drawn; the browser paints it with the next frame. */
  drawn: (itemId: number) => void;
}

export function Layer({ item, pictures, stage, view, zoomedIn, front, drawn }: Props) {
  const own = useRef<HTMLCanvasElement>(null);
  const bitmap = useSyncExternalStore(pictures.listen, () => pictures.get(item.id)?.bitmap ?? null);
  const dots = window.devicePixelRatio || 1;
  const { scale, x, y } = view;
  // What the canvas shows already: a layer that comes to the front as it is needs no drawing.
  const shown = useRef<readonly unknown[]>([]);
  useLayoutEffect(() => {
    const wanted = [bitmap, dots, stage.width, stage.height, scale, x, y, zoomedIn];
    const draw = () => {
      if (stage.width === 0 || wanted.every((value, at) => value === shown.current[at])) return;
      shown.current = wanted;
      paint(own.current, bitmap, stage, { scale, x, y }, item, zoomedIn, dots);
    };
    if (front) {
      draw();
      return;
    }
    // Not in the frame in which another item comes to the front.
    const timer = setTimeout(draw, 60);
    return () => clearTimeout(timer);
  }, [front, bitmap, dots, item, scale, x, y, stage, zoomedIn]);
  useLayoutEffect(() => {
    if (front && bitmap) drawn(item.id);
  }, [front, bitmap, drawn, item.id]);
  return (
    <canvas
      ref={own}
      className="layer"
      data-front={front || undefined}
      data-drawn={bitmap !== null || undefined}
      {...(front
        ? { role: "img", "aria-label": `${item.name}, ${item.width} by ${item.height} pixels` }
        : { "aria-hidden": true })}
    />
  );
}

function paint(
  canvas: HTMLCanvasElement | null,
  bitmap: ImageBitmap | null,
  stage: Size,
  view: View,
  image: Size,
  zoomedIn: boolean,
  dots: number,
): void {
  const context = canvas?.getContext("2d");
  if (!canvas || !context) return;
  // Setting the size clears, but costs more than clearing: only when it changed.
  const width = Math.round(stage.width * dots);
  const height = Math.round(stage.height * dots);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  if (!bitmap) return;
  context.setTransform(dots, 0, 0, dots, 0, 0);
  // Beyond 1:1 a zooming person wants to see the pixels; the fitted view of a small image is smooth.
  context.imageSmoothingEnabled = !(zoomedIn && view.scale * dots > 1.5);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, view.x, view.y, image.width * view.scale, image.height * view.scale);
}
