// What outlives a reload of this browser tab: its name, so that the server gives it the tasks it held, and its address.
import { randomKey } from "../model/ids";
import { basePath } from "./client";

const KEY = "modicum.tab";
const ADDRESS = "modicum.address";

// A duplicated tab gets a copy of the session storage. So the name lies there only while no page is alive: between
// leaving and loading. A copy made meanwhile finds nothing and takes a new name.
export const tabName = sessionStorage.getItem(KEY) ?? randomKey();
sessionStorage.removeItem(KEY);
window.addEventListener("pagehide", () => sessionStorage.setItem(KEY, tabName));
window.addEventListener("pageshow", () => sessionStorage.removeItem(KEY));

// The address is written a little after the stage is painted, and a reload goes to the address of the moment it began. So
// the latest one is kept on leaving and set right on a reload.
const kept = sessionStorage.getItem(ADDRESS);
sessionStorage.removeItem(ADDRESS);
const [arrival] = performance.getEntriesByType("navigation");
if (kept && arrival instanceof PerformanceNavigationTiming && arrival.type === "reload") {
  window.history.replaceState(null, "", kept);
}
let coming: string | null = null;
window.addEventListener("pagehide", () => sessionStorage.setItem(ADDRESS, coming ?? window.location.href));

/** Writes the address, a path, a little later. Gives the way to call it off. */
export function writeLater(path: string, milliseconds: number, write: () => void): () => void {
  coming = new URL(basePath + path, window.location.href).href;
  const stop = () => {
    coming = null;
    clearTimeout(timer);
  };
  const timer = setTimeout(() => {
    stop();
    write();
  }, milliseconds);
  return stop;
}
