// The name of this browser tab: after a reload the server gives it the tasks it held.
import { randomKey } from "../model/ids";

const KEY = "modicum.tab";

// A duplicated tab gets a copy of the session storage. So the name lies there only while no page is alive: between
// leaving and loading. A copy made meanwhile finds nothing and takes a new name.
export const tabName = sessionStorage.getItem(KEY) ?? randomKey();
sessionStorage.removeItem(KEY);
window.addEventListener("pagehide", () => sessionStorage.setItem(KEY, tabName));
window.addEventListener("pageshow", () => sessionStorage.removeItem(KEY));
