// What the page hands to the board.
import type { Doc } from "../model/document";
import type { Class, Geometry } from "../model/shape";
import type { Asked, ToolId } from "../tools/tool";
import type { ImageSource } from "./picture";
import type { Filter } from "./seen";

export interface Settings {
  crosshair: boolean;
  /** 1 is as it is. */
  brightness: number;
  contrast: number;
  /** Degrees, clockwise. */
  rotation: number;
  /** Image pixels: shapes with a shorter side are not drawn. */
  minSize: number;
  snap: boolean;
  /** Image pixels across. */
  brushSize: number;
}

export interface Setup {
  doc: Doc;
  image: ImageSource | null;
  width: number;
  height: number;
  tool: ToolId;
  classId: number | null;
  classes: readonly Class[];
  settings: Settings;
  filter: Filter;
  onTool: (tool: ToolId) => void;
  onHint: (text: string | null) => void;
  /** Asks the server what an assisted tool makes of clicks; rejects with a reason a person can read. */
  assist?: ((question: Asked) => Promise<readonly Geometry[]>) | undefined;
  onView?: ((view: { scale: number; fitted: boolean; angle: number }) => void) | undefined;
}
