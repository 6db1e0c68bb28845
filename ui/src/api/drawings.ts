// The drawings of this tab, one set a project, tied to the server, the local storage, and the signs that a connection is back.
import { useSyncExternalStore } from "react";
import { Drawings } from "../model/drawings";
import { ApiError, api, unwrap, useConnection } from "./client";

const all = new Map<string, Drawings>();
const listeners = new Set<() => void>();

export function drawingsOf(slug: string): Drawings {
  const known = all.get(slug);
  if (known) return known;
  const at = (itemId: number) => ({ params: { path: { slug, item_id: itemId } } });
  const drawings = new Drawings(slug, {
    load: async (itemId) => (await unwrap(api.GET("/api/projects/{slug}/items/{item_id}/draft", at(itemId)))).shapes,
    save: (itemId, shapes) =>
      unwrap(api.PUT("/api/projects/{slug}/items/{item_id}/draft", { ...at(itemId), body: { shapes } })),
    passing: (error) => error instanceof ApiError && error.passing,
    storage: localStorage,
    later: (run, milliseconds) => window.setTimeout(run, milliseconds),
  });
  all.set(slug, drawings);
  drawings.store.subscribe(() => {
    for (const changed of listeners) changed();
  });
  return drawings;
}

function eachOf(what: (drawings: Drawings) => void): void {
  for (const drawings of all.values()) what(drawings);
}

window.addEventListener("pagehide", () => eachOf((one) => one.flush()));
window.addEventListener("online", () => eachOf((one) => one.retry()));
useConnection.subscribe((now, before) => {
  if (now.connection === "online" && before.connection !== "online") eachOf((one) => one.retry());
});

/** How many images have drawings the server does not have yet. */
export function useUnsavedDrawings(): number {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => [...all.values()].reduce((sum, one) => sum + one.store.getState().unsaved.size, 0),
  );
}
