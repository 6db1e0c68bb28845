// Light, dark, or as the system says; the choice is kept in this browser.
import { create } from "zustand";

export type Theme = "system" | "light" | "dark";

const KEY = "modicum.theme";

function remembered(): Theme {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
}

interface ThemeState {
  theme: Theme;
  choose: (theme: Theme) => void;
}

export const useTheme = create<ThemeState>()((set) => ({
  theme: remembered(),
  choose: (theme) => {
    localStorage.setItem(KEY, theme);
    set({ theme });
    applyTheme();
  },
}));

/** Puts the remembered choice on the document; called once before the first paint and at every change. */
export function applyTheme(): void {
  const theme = remembered();
  if (theme === "system") {
    delete document.documentElement.dataset.theme;
  } else {
    document.documentElement.dataset.theme = theme;
  }
}
