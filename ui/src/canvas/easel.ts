// The easel: two canvases, the camera and the tool at work. Paints once a frame at most, and only what changed.
import { type Box4, toImage } from "../model/camera";
import type { DocState } from "../model/document";
import { rounded } from "../model/geometry";
import { randomKey } from "../model/ids";
import { allows, defaultAttributes, type Geometry, type Kind, newShape, type Point, type Shape } from "../model/shape";
import { snapTo } from "../model/snapping";
import type { Size } from "../model/view";
import { boundsOfShape } from "../shapes/kinds";
import type { Asked, Command, Draft, PointerAt, Tool, ToolEvent, World } from "../tools/tool";
import { toolOf } from "../tools/tools";
import { Looks } from "./looks";
import { Picture } from "./picture";
import { changedBoxes, discOf, grown, joinedBox, joinedBoxes, sameFilter, shown, smallestAt } from "./seen";
import type { Setup } from "./setup";
import { onStage, type Scene, Sheet } from "./sheet";
import { paintUpper } from "./top";
import { Viewing } from "./viewing";

const REACH = 6;
const SNAP = 8;
/** From so many changed places on the whole sheet is painted again. */
const MANY = 40;
const SETTLE = 120;
const NONE: ReadonlySet<string> = new Set();

export class Easel {
  readonly view: Viewing;
  private sheet = new Sheet();
  /** The sheet before this one: when zooming out again, the whole image is on it already. */
  private spare = new Sheet();
  private looks: Looks;
  private picture: Picture | null = null;
  private dots = 1;
  private tool: Tool<unknown>;
  private state: unknown;
  private cross: Point | null = null;
  private snap: Point | null = null;
  /** Of a stroke: where the brush was last, whether pixels are at work, and what of the upper layer to paint again. */
  private ringed: Box4 | null = null;
  private painting = false;
  private upperPart: Box4 | null = null;
  private scene: Scene;
  /** sharp: only stretched, nothing else is wrong with the sheet. */
  private stale = { base: true, sheet: true, sharp: true, top: true };
  private parts: Box4[] = [];
  private frame = 0;
  private settle = 0;
  private unsubscribe: () => void;

  constructor(
    private readonly base: HTMLCanvasElement,
    private readonly top: HTMLCanvasElement,
    private setup: Setup,
  ) {
    this.view = new Viewing(this.image, setup.settings.rotation, () => this.moved());
    this.looks = new Looks(setup.classes, this.dots);
    this.tool = toolOf(setup.tool);
    this.state = this.tool.start;
    this.scene = this.sceneOf(NONE);
    this.unsubscribe = setup.doc.subscribe((now, before) => this.changed(now, before));
    this.takeImage();
    setup.onHint(this.tool.hint);
  }

  close(): void {
    this.unsubscribe();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.settle);
  }

  // --- what the page says ---

  update(next: Setup): void {
    const was = this.setup;
    this.setup = next;
    if (next.doc !== was.doc) {
      this.unsubscribe();
      this.unsubscribe = next.doc.subscribe((now, before) => this.changed(now, before));
      this.state = this.tool.start;
    }
    if (next.classes !== was.classes) this.looks = new Looks(next.classes, this.dots);
    if (next.image !== was.image || next.width !== was.width || next.height !== was.height) this.takeImage();
    if (next.tool !== was.tool) {
      this.state = this.tool.on(this.state, { type: "command", command: "finish" }, this.world());
      this.tool = toolOf(next.tool);
      this.state = this.tool.start;
      next.onHint(this.tool.hint);
    }
    if (this.picture?.adjust(next.settings.brightness, next.settings.contrast)) this.stale.base = true;
    const resized = next.width !== was.width || next.height !== was.height;
    if (next.doc !== was.doc || resized) this.view.begin(this.image);
    if (next.settings.rotation !== was.settings.rotation) this.view.rotate(next.settings.rotation);
    if (next.doc !== was.doc || next.classes !== was.classes || !sameFilter(next.filter, was.filter)) {
      this.scene = this.sceneOf(this.scene.without);
      this.stale.sheet = true;
    }
    this.stale.top = true;
    this.ask();
  }

  resize(stage: Size, dots: number): void {
    if (stage.width === 0 || stage.height === 0) return;
    if (dots !== this.dots) this.looks = new Looks(this.setup.classes, dots);
    this.dots = dots;
    for (const canvas of [this.base, this.top]) {
      canvas.width = Math.round(stage.width * dots);
      canvas.height = Math.round(stage.height * dots);
    }
    this.sheet.resize(stage, dots);
    this.spare.resize(stage, dots);
    this.view.resize(stage);
    this.stale = { base: true, sheet: true, sharp: true, top: true };
    this.ask();
  }

  focus(id: string): void {
    const shape = this.setup.doc.get(id);
    if (shape) this.view.focus(boundsOfShape(shape.geometry));
  }

  /** True when the tool had a use for it. */
  send(command: Command): boolean {
    const { doc } = this.setup;
    const { version } = doc.snapshot;
    if (!this.tool.answered && (command === "second" || command === "other")) return false;
    const busy = this.tool.busy(this.state);
    this.step({ type: "command", command });
    return busy || doc.snapshot.version !== version;
  }

  // --- what the pointer says ---

  pointer(type: "down" | "move" | "up" | "double", on: Point, keys: Omit<PointerAt, "at" | "snapped">): void {
    const at = toImage(this.view.camera, on);
    this.step({ type, at, snapped: this.snapped(at, keys.alt), ...keys });
    this.hover(on);
  }

  lost(): void {
    this.step({ type: "lost" });
  }

  /** Where the pointer is over the stage, null when it left. */
  hover(on: Point | null): void {
    const { settings, tool } = this.setup;
    const painting = tool === "brush" || tool === "eraser";
    const cross = settings.crosshair && tool !== "pan" && !painting ? on : null;
    if (on === null && this.snap) this.mark(null);
    if (cross === this.cross) return;
    this.cross = cross;
    this.stale.top = true;
    this.ask();
  }

  private mark(snap: Point | null): void {
    if (snap?.[0] === this.snap?.[0] && snap?.[1] === this.snap?.[1]) return;
    this.snap = snap;
    this.stale.top = true;
    this.ask();
  }

  private step(event: ToolEvent): void {
    const next = this.tool.on(this.state, event, this.world());
    if (next === this.state && event.type === "move") return;
    this.take(next);
  }

  private take(state: unknown): void {
    this.state = state;
    const world = this.world();
    this.top.style.cursor = this.tool.cursor(this.state, world);
    const draft = this.tool.draft(this.state, world);
    this.leaveOut(new Set([...(draft.shapes ?? []).map((shape) => shape.id), ...(draft.without ?? [])]));
    if (!this.stroked(draft)) this.stale.top = true;
    this.ask();
  }

  /** While a brush paints, only where it went is painted: what a mask of any size costs is what the stroke covers. */
  private stroked({ pixels, ring }: Draft): boolean {
    const ringed = ring ? grown(onStage(this.view.camera, discOf(ring)), 3) : null;
    const before = this.ringed;
    this.ringed = ringed;
    const drawn = pixels?.fresh ? grown(onStage(this.view.camera, pixels.fresh), 2) : null;
    const known = this.painting;
    this.painting = pixels !== undefined;
    if (!pixels || !known) return false;
    for (const box of [ringed, before, drawn]) {
      if (box) this.upperPart = this.upperPart ? joinedBox(this.upperPart, box) : box;
    }
    return true;
  }

  private world(): World {
    const { doc, classes, classId, settings, filter } = this.setup;
    const unit = 1 / this.view.camera.scale;
    const free = (shape: Shape) => shown(shape, doc.snapshot, filter) && !doc.snapshot.locked.has(shape.id);
    return {
      doc,
      image: this.image,
      classId,
      classes,
      unit,
      minSize: settings.minSize,
      brushSize: settings.brushSize,
      free,
      find: (point) => smallestAt(doc.shapes, point, REACH * unit, free),
      within: ([left, top, right, bottom]) =>
        doc.shapes.filter((shape) => {
          const box = boundsOfShape(shape.geometry);
          return box[0] >= left && box[1] >= top && box[2] <= right && box[3] <= bottom && free(shape);
        }),
      draw: (geometry, label) => this.draw(geometry, label),
      may: (kind) => this.may(kind),
      assist: (question, asked) => void this.assist(question, asked),
      hint: this.setup.onHint,
      colour: (id) => this.looks.colour(id),
    };
  }

  /** The answer goes to the tool that asked; when another one is at work by then, to nobody. */
  private async assist(question: Asked, asked: number): Promise<void> {
    const { tool } = this;
    const { doc, assist } = this.setup;
    const said = await answered(assist, question);
    if (this.tool !== tool || this.setup.doc !== doc || !tool.answered) return;
    this.take(tool.answered(this.state, { asked, ...said }, this.world()));
  }

  private may(kind: Kind): boolean {
    const { classes, classId, onHint } = this.setup;
    const entry = classId === null ? undefined : classes[classId];
    if (!entry) onHint("Choose a class first, then draw again");
    else if (!allows(entry, kind)) {
      const allowed = entry.shapes.length > 0 ? `; allowed: ${entry.shapes.join(", ")}` : "";
      onHint(`The class ${entry.name} is not drawn as a ${kind}${allowed}`);
    } else return true;
    return false;
  }

  private draw(geometry: Geometry, label: string): void {
    const { doc, classes, classId, settings, onHint } = this.setup;
    if (classId === null || !this.may(geometry.kind)) return;
    const [left, top, right, bottom] = boundsOfShape(geometry);
    const sides = [right - left, bottom - top];
    const side = geometry.kind === "polyline" ? Math.max(...sides) : Math.min(...sides);
    const least = Math.max(settings.minSize, 0.1);
    if (geometry.kind !== "points" && geometry.kind !== "skeleton" && side < least) {
      onHint(`Too small: ${rounded(side)} pixels, at least ${least} are asked for`);
      return;
    }
    const shape = newShape(randomKey().slice(0, 16), classId, geometry, defaultAttributes(classes[classId]));
    doc.apply({ put: [shape], selection: new Set([shape.id]) }, label);
    onHint(this.tool.hint);
  }

  /** Onto a neighbour's edge when that is asked for, and never outside the image. */
  private snapped([x, y]: Point, free: boolean): Point {
    const inside: Point = [Math.min(Math.max(x, 0), this.image.width), Math.min(Math.max(y, 0), this.image.height)];
    const { tool, settings } = this.setup;
    const draws = !["pan", "brush", "eraser"].includes(tool) && (tool !== "select" || this.tool.busy(this.state));
    if (!settings.snap || free || !draws) {
      this.mark(null);
      return inside;
    }
    const own = this.scene.without;
    const others = tool === "select" ? this.scene.shapes.filter((shape) => !own.has(shape.id)) : this.scene.shapes;
    const found = tool === "select" && own.size === 0 ? null : snapTo(inside, others, SNAP / this.view.camera.scale);
    this.mark(found);
    return found ?? inside;
  }

  // --- what has to be painted ---

  private get image(): Size {
    return { width: this.setup.width, height: this.setup.height };
  }

  private takeImage(): void {
    const { image, settings } = this.setup;
    this.picture = image ? new Picture(image, this.image) : null;
    this.picture?.adjust(settings.brightness, settings.contrast);
    this.stale.base = true;
  }

  private moved(): void {
    const { scale, angle } = this.view.camera;
    this.stale.base = true;
    this.stale.top = true;
    this.setup.onView?.({ scale, angle, fitted: this.view.fitted });
    this.ask();
    clearTimeout(this.settle);
    this.settle = window.setTimeout(() => {
      if (this.sheet.fit(this.view.camera, this.image) === "exact") return;
      this.stale.sharp = true;
      this.ask();
    }, SETTLE);
  }

  private changed(now: DocState, before: DocState): void {
    const { without } = this.scene;
    this.scene = this.sceneOf(without);
    for (const box of changedBoxes(now, before)) this.parts.push(box);
    this.stale.top = true;
    this.ask();
  }

  private leaveOut(without: ReadonlySet<string>): void {
    const was = this.scene.without;
    if (was.size === without.size && [...without].every((id) => was.has(id))) return;
    this.scene = { ...this.scene, without };
    for (const id of new Set([...was, ...without])) {
      const shape = this.setup.doc.get(id);
      if (shape) this.parts.push(boundsOfShape(shape.geometry));
    }
    this.ask();
  }

  private sceneOf(without: ReadonlySet<string>): Scene {
    const { doc, filter } = this.setup;
    const now = doc.snapshot;
    const shapes = now.shapes.filter((shape) => shown(shape, now, filter));
    return { shapes, selection: now.selection, undecided: now.undecided, without };
  }

  private ask(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.paint());
  }

  private paint(): void {
    this.frame = 0;
    if (this.view.stage.width === 0) return;
    this.paintSheet();
    if (this.stale.base) {
      const context = this.base.getContext("2d", { alpha: true });
      if (context) {
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.clearRect(0, 0, this.base.width, this.base.height);
        this.picture?.draw(context, this.view.camera, this.view.stage, this.dots);
        this.sheet.blit(context, this.view.camera);
      }
    }
    if (this.stale.top || this.upperPart) {
      const context = this.top.getContext("2d");
      const { selection, undecided } = this.scene;
      const draft = this.tool.draft(this.state, this.world());
      const upper = { draft, selection, undecided, classId: this.setup.classId, cross: this.cross, snap: this.snap };
      const part = this.stale.top ? null : this.upperPart;
      if (context) paintUpper(context, upper, this.view.camera, this.looks, this.view.stage, part);
      this.upperPart = null;
    }
    this.stale = { base: false, sheet: false, sharp: false, top: false };
  }

  private paintSheet(): void {
    const { camera } = this.view;
    if (this.stale.sheet || this.parts.length > 0) this.spare.forget();
    let fit = this.sheet.fit(camera, this.image);
    if (fit === "short" && this.spare.fit(camera, this.image) !== "short") {
      this.turnSheets();
      fit = this.sheet.fit(camera, this.image);
    }
    const blurred = this.stale.sharp && fit !== "exact";
    if (this.stale.sheet || blurred || fit === "short" || this.parts.length > MANY) {
      if (!this.stale.sheet && this.parts.length === 0 && this.sheet.holds(this.image)) this.turnSheets();
      this.sheet.paint(this.scene, camera, this.looks);
      this.stale.base = true;
    } else {
      if (fit === "moved") this.sheet.scroll(this.scene, camera, this.looks);
      for (const part of joinedBoxes(this.parts)) this.sheet.mend(this.scene, this.looks, part);
      if (this.parts.length > 0) this.stale.base = true;
    }
    this.parts = [];
  }

  private turnSheets(): void {
    [this.sheet, this.spare] = [this.spare, this.sheet];
  }
}

async function answered(
  assist: Setup["assist"],
  question: Asked,
): Promise<{ proposals: readonly Geometry[]; problem: string | null }> {
  if (!assist) return { proposals: [], problem: "Assisted tools need the server" };
  try {
    return { proposals: await assist(question), problem: null };
  } catch (error) {
    return { proposals: [], problem: error instanceof Error ? error.message : String(error) };
  }
}
