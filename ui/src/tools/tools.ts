// The table of tools.
import { boxTool } from "./box";
import { panTool } from "./pan";
import { selectTool } from "./select";
import type { Tool, ToolId } from "./tool";

const TOOLS = { select: selectTool, pan: panTool, box: boxTool } satisfies Record<ToolId, unknown>;

/** Every tool only ever meets its own states. */
export function toolOf(id: ToolId): Tool<unknown> {
  return TOOLS[id] as Tool<unknown>;
}
