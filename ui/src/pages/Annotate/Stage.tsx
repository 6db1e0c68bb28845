// The stage: the item as large as it can be, with zoom and pan, painted from a bitmap that is decoded already.
import { type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";
import type { Wire } from "../../api/client";
import { fitted, isZoomed, panned, type Size, type View, zoomed } from "../../model/view";
import { Button } from "../../parts/Button";
import { ErrorNote } from "../../parts/ErrorNote";
import type { Picture } from "./pictures";

export interface StageHandle {
  toggle: () => void;
  zoom: (factor: number) => void;
  pan: (dx: number, dy: number) => void;
}

interface Props {
  item: Wire["Item"];
  picture: Picture | null;
  /** More pixels are needed than the bitmap has. */
  needWhole: () => void;
  again: () => void;
  /** The bitmap of this item has been drawn; the browser paints it with the next frame. */
  drawn: (itemId: number) => void;
  ref: Ref<StageHandle>;
}

export function Stage({ item, picture, needWhole, again, drawn, ref }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [stage, setStage] = useState<Size>({ width: 0, height: 0 });
  // The view belongs to one item: the next one is fitted again.
  const [viewed, setViewed] = useState<{ itemId: number; view: View } | null>(null);
  const image: Size = item;
  const ready = stage.width > 0 && stage.height > 0;
  const view = viewed?.itemId === item.id ? viewed.view : fitted(ready ? stage : { width: 1, height: 1 }, image);
  const zoomedIn = ready && isZoomed(view, stage, image);

  const latest = useRef({ view, stage, image, zoomedIn, itemId: item.id });
  useLayoutEffect(() => {
    latest.current = { view, stage, image, zoomedIn, itemId: item.id };
  });
  const change = (next: (now: typeof latest.current) => View | null) => {
    const now = latest.current;
    const view = next(now);
    setViewed(view && { itemId: now.itemId, view });
  };
  const zoomAt = (factor: number, at?: { x: number; y: number }) =>
    change((now) => {
      const middle = { x: now.stage.width / 2, y: now.stage.height / 2 };
      return zoomed(now.view, factor, at ?? middle, now.stage, now.image);
    });
  const toggle = (at?: { x: number; y: number }) => {
    if (latest.current.zoomedIn) {
      change(() => null);
    } else {
      zoomAt(Math.max(2.5, 1 / latest.current.view.scale), at);
    }
  };
  useImperativeHandle(ref, () => ({
    toggle: () => toggle(),
    zoom: (factor) => zoomAt(factor),
    pan: (dx, dy) => change((now) => panned(now.view, dx, dy, now.stage, now.image)),
  }));

  useLayoutEffect(() => {
    const element = canvas.current?.parentElement;
    if (!element) return;
    const measure = () => setStage({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  // React listens to wheel passively, which would let the page zoom or scroll as well.
  // biome-ignore lint/correctness/useExhaustiveDependencies: everything it reads goes through `latest`
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      zoomAt(Math.exp(-event.deltaY * lines * 0.002), { x: event.offsetX, y: event.offsetY });
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, []);

  const bitmap = picture?.bitmap ?? null;
  useLayoutEffect(() => {
    const element = canvas.current;
    if (!element || !ready) return;
    const dots = window.devicePixelRatio || 1;
    const width = Math.round(stage.width * dots);
    const height = Math.round(stage.height * dots);
    if (element.width !== width || element.height !== height) {
      element.width = width;
      element.height = height;
    }
    const context = element.getContext("2d");
    if (!context) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!bitmap) return;
    context.setTransform(dots, 0, 0, dots, 0, 0);
    // Beyond 1:1 a zooming person wants to see the pixels; the fitted view of a small image is smooth.
    context.imageSmoothingEnabled = !(zoomedIn && view.scale * dots > 1.5);
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, view.x, view.y, image.width * view.scale, image.height * view.scale);
    drawn(item.id);
  });

  const short = bitmap !== null && picture?.whole === false && bitmap.width < image.width * view.scale;
  useEffect(() => {
    if (short) needWhole();
  }, [short, needWhole]);

  const drag = useRef<{ x: number; y: number } | null>(null);
  return (
    <div className="stage" data-zoomed={zoomedIn || undefined}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${item.name}, ${item.width} by ${item.height} pixels`}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { x: event.clientX, y: event.clientY };
        }}
        onPointerMove={(event) => {
          const from = drag.current;
          if (!from) return;
          drag.current = { x: event.clientX, y: event.clientY };
          change((now) => panned(now.view, event.clientX - from.x, event.clientY - from.y, now.stage, now.image));
        }}
        onPointerUp={() => {
          drag.current = null;
        }}
        onPointerCancel={() => {
          drag.current = null;
        }}
        onDoubleClick={(event) => toggle({ x: event.nativeEvent.offsetX, y: event.nativeEvent.offsetY })}
      />
      {!bitmap && !picture?.error && <p className="stage-wait quiet">Loading the image</p>}
      {picture?.error && (
        <div className="stage-wait">
          <ErrorNote error={picture.error} retry={again} />
        </div>
      )}
      <div className="stage-tools">
        <Button look="plain" aria-label="Zoom out" onClick={() => zoomAt(1 / 1.4)}>
          −
        </Button>
        <Button
          look="plain"
          aria-label={zoomedIn ? "Fit to the window" : "Zoom in on the middle"}
          onClick={() => toggle()}
        >
          <span className="number">{ready ? `${Math.round(view.scale * 100)}%` : "100%"}</span>
        </Button>
        <Button look="plain" aria-label="Zoom in" onClick={() => zoomAt(1.4)}>
          +
        </Button>
      </div>
    </div>
  );
}
