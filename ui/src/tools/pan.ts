// The hand: the board itself moves the view while it is chosen.
import type { Tool } from "./tool";

export const panTool: Tool<null> = {
  start: null,
  hint: "Pull the image; the wheel zooms",
  cursor: () => "grab",
  busy: () => false,
  on: (state) => state,
  draft: () => ({}),
};
