// The table of tools.
import { extremeTool, modelTool, scissorsTool, scribblesTool, wandTool } from "./assist";
import { brushTool, eraserTool } from "./brush";
import { boxTool, ellipseTool } from "./corners";
import { panTool } from "./pan";
import { holeTool, pointsTool, polygonTool, polylineTool, splitTool } from "./path";
import { rotatedTool } from "./rotated";
import { selectTool } from "./select";
import { skeletonTool } from "./skeleton";
import type { Tool, ToolId } from "./tool";

const TOOLS = {
  select: selectTool,
  pan: panTool,
  box: boxTool,
  rotated: rotatedTool,
  ellipse: ellipseTool,
  polygon: polygonTool,
  polyline: polylineTool,
  points: pointsTool,
  skeleton: skeletonTool,
  brush: brushTool,
  eraser: eraserTool,
  hole: holeTool,
  split: splitTool,
  extreme: extremeTool,
  scribbles: scribblesTool,
  scissors: scissorsTool,
  wand: wandTool,
  model: modelTool,
} satisfies Record<ToolId, unknown>;

/** Every tool only ever meets its own states. */
export function toolOf(id: ToolId): Tool<unknown> {
  return TOOLS[id] as Tool<unknown>;
}
