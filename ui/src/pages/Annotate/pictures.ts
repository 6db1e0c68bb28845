// Decoded images, ready to be painted: the coming ones are fetched and decoded ahead, the passed ones are closed.
import { ApiError, useConnection } from "../../api/client";

/** Decoded pixels are capped to this longer side (a bitmap of 2048 x 1536 is 12 MB); more only when one zooms in. */
const LONGEST_SIDE = 2048;
/** Above so many pixels the whole image is never decoded, zoomed or not. */
const MOST_PIXELS = 40_000_000;

interface Wanted {
  id: number;
  url: string;
  width: number;
  height: number;
}

export interface Picture {
  bitmap: ImageBitmap | null;
  error: Error | null;
  /** Whether the bitmap has every pixel of the image. */
  whole: boolean;
}

interface Kept extends Picture {
  wanted: Wanted;
  blob: Blob | null;
  abort: AbortController;
}

export class Pictures {
  private kept = new Map<number, Kept>();
  private listeners = new Set<() => void>();

  listen = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  };

  /** The picture of an item; the same object until something about it changes. */
  get(id: number): Picture | null {
    return this.kept.get(id) ?? null;
  }

  /** Keeps exactly these, first ones first; everything else is closed. */
  keep(wanted: readonly Wanted[]): void {
    const ids = new Set(wanted.map((one) => one.id));
    for (const [id, one] of this.kept) {
      if (!ids.has(id)) {
        one.abort.abort();
        one.bitmap?.close();
        this.kept.delete(id);
      }
    }
    for (const one of wanted) {
      if (!this.kept.has(one.id)) {
        void this.load(one);
      }
    }
  }

  /** Tries a failed image again. */
  again(id: number): void {
    const one = this.kept.get(id);
    if (one) {
      this.kept.delete(id);
      void this.load(one.wanted);
    }
  }

  /** Decodes every pixel, because the person zooms in. */
  async whole(id: number): Promise<void> {
    const one = this.kept.get(id);
    if (!one?.blob || one.whole || one.wanted.width * one.wanted.height > MOST_PIXELS) {
      return;
    }
    const bitmap = await createImageBitmap(one.blob);
    const now = this.kept.get(id);
    if (now?.blob !== one.blob || now.whole) {
      bitmap.close();
      return;
    }
    const before = now.bitmap;
    this.set(id, { ...now, bitmap, whole: true });
    before?.close();
  }

  private async load(wanted: Wanted): Promise<void> {
    const abort = new AbortController();
    const start: Kept = { wanted, bitmap: null, error: null, whole: false, blob: null, abort };
    this.set(wanted.id, start);
    try {
      const blob = await download(wanted.url, abort.signal);
      const longest = Math.max(wanted.width, wanted.height);
      const whole = longest <= LONGEST_SIDE;
      const bitmap = await createImageBitmap(
        blob,
        whole
          ? {}
          : {
              resizeWidth: Math.max(1, Math.round((wanted.width * LONGEST_SIDE) / longest)),
              resizeHeight: Math.max(1, Math.round((wanted.height * LONGEST_SIDE) / longest)),
              resizeQuality: "high",
            },
      );
      if (this.kept.get(wanted.id)?.abort !== abort) {
        bitmap.close();
        return;
      }
      this.set(wanted.id, { ...start, bitmap, whole, blob });
    } catch (error) {
      if (this.kept.get(wanted.id)?.abort === abort && !abort.signal.aborted) {
        this.set(wanted.id, { ...start, error: readable(error) });
      }
    }
  }

  private set(id: number, one: Kept): void {
    this.kept.set(id, one);
    for (const changed of this.listeners) {
      changed();
    }
  }
}

async function download(url: string, signal: AbortSignal): Promise<Blob> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    if (!signal.aborted) {
      useConnection.getState().set("offline");
    }
    throw error;
  }
  if (response.status === 401) {
    useConnection.getState().set("signed-out");
  }
  if (!response.ok) {
    const problem: unknown = await response.json().catch(() => null);
    const said = problem && typeof problem === "object" && "message" in problem ? String(problem.message) : "";
    throw new ApiError(response.status, said || `The server answered with status ${response.status} for this image.`);
  }
  return response.blob();
}

function readable(error: unknown): Error {
  if (error instanceof ApiError) return error;
  if (error instanceof TypeError) return new Error("The image could not be fetched: the server does not answer.");
  return new Error("The browser cannot show this image. Skip it, or flag it for somebody to look at.");
}
