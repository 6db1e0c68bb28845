// Where one looks: the camera over the stage, fitted until somebody moves it.
import {
  type Box4,
  type Camera,
  fittedCamera,
  focusedCamera,
  movedCamera,
  turnedCamera,
  zoomedCamera,
} from "../model/camera";
import type { Point } from "../model/shape";
import type { Size } from "../model/view";

export class Viewing {
  camera: Camera = { scale: 1, angle: 0, x: 0, y: 0 };
  stage: Size = { width: 0, height: 0 };
  /** The view follows the stage's size until somebody moves it. */
  fitted = true;
  private turns = 0;

  constructor(
    private image: Size,
    private rotation: number,
    private readonly moved: () => void,
  ) {}

  /** Another image: fitted, and no longer turned by hand. */
  begin(image: Size): void {
    this.image = image;
    this.turns = 0;
    this.fitted = true;
    this.reframe();
  }

  resize(stage: Size): void {
    const before = this.stage;
    this.stage = stage;
    if (this.fitted || before.width === 0) this.fit();
  }

  /** The settings' own turn, in degrees; turns by hand come to it. */
  rotate(rotation: number): void {
    this.rotation = rotation;
    this.reframe();
  }

  turn(degrees: number): void {
    this.turns += degrees;
    this.reframe();
  }

  fit(): void {
    if (this.stage.width === 0) return;
    this.camera = fittedCamera(this.stage, this.image, this.angle);
    this.fitted = true;
    this.moved();
  }

  /** 1: one CSS pixel for every pixel of the image. */
  zoomTo(scale: number): void {
    this.zoomBy(scale / this.camera.scale);
  }

  zoomBy(factor: number, at: Point = [this.stage.width / 2, this.stage.height / 2]): void {
    this.look(zoomedCamera(this.camera, factor, at, this.stage, this.image));
  }

  panBy(dx: number, dy: number): void {
    this.look(movedCamera(this.camera, dx, dy, this.stage, this.image));
  }

  /** Two fingers: what lay between them at `from` goes to `to`, larger by a factor. */
  pinch(from: Point, to: Point, factor: number): void {
    const zoomed = zoomedCamera(this.camera, factor, from, this.stage, this.image);
    this.look(movedCamera(zoomed, to[0] - from[0], to[1] - from[1], this.stage, this.image));
  }

  /** A rectangle of the image in the middle. */
  focus(box: Box4): void {
    this.look(focusedCamera(this.camera, box, this.stage, this.image));
  }

  private get angle(): number {
    return (((this.rotation + this.turns) % 360) + 360) % 360;
  }

  private reframe(): void {
    if (this.stage.width === 0) return;
    if (this.fitted) this.fit();
    else this.look(turnedCamera(this.camera, this.angle, this.stage));
  }

  private look(camera: Camera): void {
    this.camera = camera;
    this.fitted = false;
    this.moved();
  }
}
