// The stage: the item as large as it can be, with zoom and pan.
import {
  type Ref,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import type { Wire } from "../../api/client";
import { fitted, isZoomed, panned, type Size, type View, zoomed } from "../../model/view";
import { Button } from "../../parts/Button";
import { ErrorNote } from "../../parts/ErrorNote";
import { Layer } from "./Layer";
import type { Pictures } from "./pictures";

export interface StageHandle {
  toggle: () => void;
  zoom: (factor: number) => void;
  pan: (dx: number, dy: number) => void;
}

interface Props {
  item: Wire["Item"];
  /** Items that come next: painted behind this one. */
  ahead: readonly Wire["Item"][];
  pictures: Pictures;
  drawn: (itemId: number) => void;
  ref: Ref<StageHandle>;
}

export function Stage({ item, ahead, pictures, drawn, ref }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const stage = useSize(box);
  // The view belongs to one item: the next one is fitted again.
  const [viewed, setViewed] = useState<{ itemId: number; view: View } | null>(null);
  const ready = stage.width > 0 && stage.height > 0;
  const view = viewed?.itemId === item.id ? viewed.view : fitted(ready ? stage : { width: 1, height: 1 }, item);
  const zoomedIn = ready && isZoomed(view, stage, item);
  const picture = useSyncExternalStore(pictures.listen, () => pictures.get(item.id));

  const latest = useRef({ view, stage, item, zoomedIn });
  useLayoutEffect(() => {
    latest.current = { view, stage, item, zoomedIn };
  });
  const change = (next: (now: typeof latest.current) => View | null) => {
    const now = latest.current;
    const view = next(now);
    setViewed(view && { itemId: now.item.id, view });
  };
  const zoomAt = (factor: number, at?: { x: number; y: number }) =>
    change((now) => {
      const middle = { x: now.stage.width / 2, y: now.stage.height / 2 };
      return zoomed(now.view, factor, at ?? middle, now.stage, now.item);
    });
  const toggle = (at?: { x: number; y: number }) => {
    if (latest.current.zoomedIn) change(() => null);
    else zoomAt(Math.max(2.5, 1 / latest.current.view.scale), at);
  };
  useImperativeHandle(ref, () => ({
    toggle: () => toggle(),
    zoom: (factor) => zoomAt(factor),
    pan: (dx, dy) => change((now) => panned(now.view, dx, dy, now.stage, now.item)),
  }));

  // React listens to wheel passively, which would let the page zoom or scroll as well.
  // biome-ignore lint/correctness/useExhaustiveDependencies: everything it reads goes through `latest`
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      zoomAt(Math.exp(-event.deltaY * lines * 0.002), within(element, event));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, []);

  const bitmap = picture?.bitmap ?? null;
  const short = bitmap !== null && picture?.whole === false && bitmap.width < item.width * view.scale && zoomedIn;
  useEffect(() => {
    if (short) void pictures.whole(item.id);
  }, [short, pictures, item.id]);

  const drag = useRef<{ x: number; y: number } | null>(null);
  const layers = [item, ...ahead.filter((one) => one.id !== item.id)];
  return (
    <div className="stage" data-zoomed={zoomedIn || undefined}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dragging and the wheel; keys do the same for the page */}
      <div
        ref={box}
        className="layers"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { x: event.clientX, y: event.clientY };
        }}
        onPointerMove={(event) => {
          const from = drag.current;
          if (!from) return;
          drag.current = { x: event.clientX, y: event.clientY };
          change((now) => panned(now.view, event.clientX - from.x, event.clientY - from.y, now.stage, now.item));
        }}
        onPointerUp={() => {
          drag.current = null;
        }}
        onPointerCancel={() => {
          drag.current = null;
        }}
        onDoubleClick={(event) => toggle(within(event.currentTarget, event))}
      >
        {ready &&
          layers.map((one) => (
            <Layer
              key={one.id}
              item={one}
              pictures={pictures}
              stage={stage}
              view={one.id === item.id ? view : fitted(stage, one)}
              zoomedIn={one.id === item.id && zoomedIn}
              front={one.id === item.id}
              drawn={drawn}
            />
          ))}
      </div>
      {!bitmap && !picture?.error && <p className="stage-wait quiet">Loading the image</p>}
      {picture?.error && (
        <div className="stage-wait">
          <ErrorNote error={picture.error} retry={() => pictures.again(item.id)} />
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
          <span className="number">{`${Math.round(view.scale * 100)}%`}</span>
        </Button>
        <Button look="plain" aria-label="Zoom in" onClick={() => zoomAt(1.4)}>
          +
        </Button>
      </div>
    </div>
  );
}

function within(element: Element, event: { clientX: number; clientY: number }): { x: number; y: number } {
  const box = element.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function useSize(element: React.RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const found = element.current;
    if (!found) return;
    const measure = () => setSize({ width: found.clientWidth, height: found.clientHeight });
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(found);
    return () => watch.disconnect();
  }, [element]);
  return size;
}
