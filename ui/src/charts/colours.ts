// Colours of the tokens as a canvas understands them, and a signal when light turns to dark.
import { useSyncExternalStore } from "react";

/** The token's colour as rgb(...): a custom property alone would still read light-dark(...). */
export function tokenColour(name: string, near: Element): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  near.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function listen(changed: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = new MutationObserver(changed);
  system.addEventListener("change", changed);
  chosen.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  return () => {
    system.removeEventListener("change", changed);
    chosen.disconnect();
  };
}

function now(): string {
  return (
    document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")
  );
}

/** Changes when the colours do; as a dependency it makes a canvas be drawn again. */
export function useTheme(): string {
  return useSyncExternalStore(listen, now);
}
