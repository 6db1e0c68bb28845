// How the board looks and behaves on this machine: kept in the browser, one set for all projects.
import { useState } from "react";
import type { Settings } from "../../canvas/Board";

export interface BenchSettings extends Settings {
  /** The slider of the suggestions, 0 to 1. */
  score: number;
}

const KEY = "modicum.board";
export const PLAIN: BenchSettings = {
  crosshair: false,
  brightness: 1,
  contrast: 1,
  rotation: 0,
  minSize: 3,
  snap: true,
  brushSize: 24,
  score: 0.3,
};

function stored(): BenchSettings {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    if (!found || typeof found !== "object") return PLAIN;
    const right = Object.entries(found).filter(
      ([name, value]) => typeof value === typeof PLAIN[name as keyof BenchSettings],
    );
    return { ...PLAIN, ...Object.fromEntries(right) };
  } catch {
    return PLAIN;
  }
}

/** Brightness and contrast belong to the image before one's eyes: a new page begins with it as it is. */
export function useBoardSettings(): [BenchSettings, (change: Partial<BenchSettings>) => void] {
  const [settings, setSettings] = useState<BenchSettings>(() => ({ ...stored(), brightness: 1, contrast: 1 }));
  const change = (part: Partial<BenchSettings>) => {
    const next = { ...settings, ...part };
    setSettings(next);
    try {
      localStorage.setItem(KEY, JSON.stringify(next));
    } catch {
      // Forbidden storage: it holds for this page.
    }
  };
  return [settings, change];
}
