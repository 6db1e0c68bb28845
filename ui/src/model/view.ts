// Zoom and pan: where an image lies on the stage. Lengths in CSS pixels, scale in CSS pixels per image pixel.

export interface Size {
  width: number;
  height: number;
}

export interface View {
  scale: number;
  /** Where the image's top left corner lies on the stage. */
  x: number;
  y: number;
}

const MOST = 40;

/** The whole image, as large as it can be, in the middle. */
export function fitted(stage: Size, image: Size): View {
  const scale = Math.min(stage.width / image.width, stage.height / image.height);
  return centred(stage, image, scale);
}

function centred(stage: Size, image: Size, scale: number): View {
  return { scale, x: (stage.width - image.width * scale) / 2, y: (stage.height - image.height * scale) / 2 };
}

/** Zooms by a factor around a point of the stage, which stays where it is; never smaller than the whole image. */
export function zoomed(view: View, factor: number, at: { x: number; y: number }, stage: Size, image: Size): View {
  const least = fitted(stage, image).scale;
  const scale = Math.min(Math.max(view.scale * factor, least), Math.max(MOST, least));
  const ratio = scale / view.scale;
  return held({ scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio }, stage, image);
}

export function panned(view: View, dx: number, dy: number, stage: Size, image: Size): View {
  return held({ ...view, x: view.x + dx, y: view.y + dy }, stage, image);
}

/** An image larger than the stage covers it, a smaller one stays in the middle. */
function held(view: View, stage: Size, image: Size): View {
  const middle = centred(stage, image, view.scale);
  const within = (start: number, centre: number, room: number) =>
    room >= 0 ? centre : Math.min(0, Math.max(room, start));
  return {
    scale: view.scale,
    x: within(view.x, middle.x, stage.width - image.width * view.scale),
    y: within(view.y, middle.y, stage.height - image.height * view.scale),
  };
}

/** Whether a view shows more detail than the fitted one. */
export function isZoomed(view: View, stage: Size, image: Size): boolean {
  return view.scale > fitted(stage, image).scale * 1.001;
}
