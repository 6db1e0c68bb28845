import { describe, expect, it } from "vitest";
import { Doc } from "../model/document";
import type { Geometry, Kind, Point } from "../model/shape";
import { aClass } from "../model/testing";
import { extremeTool, modelTool, scissorsTool, scribblesTool } from "./assist";
import type { Answer, Asked, Command, Tool, World } from "./tool";

const POLYGON: Geometry = {
  kind: "polygon",
  rings: [
    [
      [0, 0],
      [9, 0],
      [9, 9],
    ],
  ],
};
const STRAIGHT: Geometry = {
  kind: "polygon",
  rings: [
    [
      [1, 1],
      [8, 1],
      [8, 8],
    ],
  ],
};
const BOX: Geometry = { kind: "box", x: 1, y: 1, w: 8, h: 8 };

/** A hand on one tool: what it asks, draws and says is kept. */
function hand<S>(tool: Tool<S>, shapes: readonly Kind[] = []) {
  const asked: (Asked & { number: number })[] = [];
  const drawn: Geometry[] = [];
  const hints: (string | null)[] = [];
  const classes = [aClass(0, "cat", { shapes: [...shapes] })];
  const world: World = {
    doc: Doc.from(null, null),
    image: { width: 100, height: 100 },
    classId: 0,
    classes,
    unit: 1,
    minSize: 0,
    brushSize: 10,
    free: () => true,
    find: () => null,
    within: () => [],
    may: () => true,
    draw: (geometry) => void drawn.push(geometry),
    assist: (question, number) => void asked.push({ ...question, number }),
    hint: (text) => void hints.push(text),
    colour: () => "#ffffff",
  };
  let state = tool.start;
  const pointer = (type: "down" | "move" | "up", at: Point, alt = false) => {
    const keys = { shift: false, ctrl: false, alt, device: "mouse" as const, pressure: 0.5 };
    state = tool.on(state, { type, at, snapped: at, ...keys }, world);
  };
  return {
    asked,
    drawn,
    hints,
    click: (at: Point, alt = false) => {
      pointer("down", at, alt);
      pointer("up", at, alt);
    },
    pull: (points: Point[], alt = false) => {
      for (const [place, at] of points.entries()) pointer(place === 0 ? "down" : "move", at, alt);
      pointer("up", points.at(-1) ?? [0, 0], alt);
    },
    send: (command: Command) => {
      state = tool.on(state, { type: "command", command }, world);
    },
    answer: (answer: Partial<Answer> = {}) => {
      const number = asked.at(-1)?.number ?? 0;
      state =
        tool.answered?.(state, { asked: number, proposals: [POLYGON, STRAIGHT], problem: null, ...answer }, world) ??
        state;
    },
    move: (at: Point) => pointer("move", at),
    open: () => tool.draft(state, world).open ?? [],
    shown: () => tool.draft(state, world).geometry ?? null,
    busy: () => tool.busy(state),
  };
}

const AROUND: Point[] = [
  [10, 50],
  [50, 10],
  [90, 50],
  [50, 90],
];

describe("extreme clicks", () => {
  it("asks from the fourth click on, and Enter makes the proposal a shape", () => {
    const at = hand(extremeTool);
    for (const point of AROUND.slice(0, 3)) at.click(point);
    expect(at.asked).toHaveLength(0);
    at.click(AROUND[3] as Point);
    expect(at.asked).toHaveLength(1);
    expect(at.asked[0]).toMatchObject({ tool: "extreme", as: "polygon", points: AROUND });
    at.answer();
    expect(at.shown()).toEqual(POLYGON);
    at.send("finish");
    expect(at.drawn).toEqual([POLYGON]);
    expect(at.busy()).toBe(false);
  });

  it("takes the straight lines with the command for the second proposal", () => {
    const at = hand(extremeTool);
    for (const point of AROUND) at.click(point);
    at.answer();
    at.send("second");
    expect(at.drawn).toEqual([STRAIGHT]);
  });

  it("shows one proposal after the other", () => {
    const at = hand(extremeTool);
    for (const point of AROUND) at.click(point);
    at.answer();
    at.send("other");
    expect(at.shown()).toEqual(STRAIGHT);
    at.send("other");
    expect(at.shown()).toEqual(POLYGON);
  });

  it("draws a box at once for a class that is drawn as a box", () => {
    const at = hand(extremeTool, ["box"]);
    for (const point of AROUND) at.click(point);
    expect(at.asked[0]?.as).toBe("box");
    at.answer({ proposals: [BOX] });
    expect(at.drawn).toEqual([BOX]);
  });

  it("does not take an answer to clicks that have changed since", () => {
    const at = hand(extremeTool);
    for (const point of AROUND) at.click(point);
    const late = at.asked[0]?.number ?? 0;
    at.click([80, 80]);
    at.answer({ asked: late });
    expect(at.shown()).toBeNull();
    at.send("finish");
    expect(at.drawn).toHaveLength(0);
    expect(at.hints.at(-1)).toContain("no proposal yet");
  });

  it("takes the last click back, and gives all up with cancel", () => {
    const at = hand(extremeTool);
    for (const point of [...AROUND, [80, 80] as Point]) at.click(point);
    at.send("back");
    expect(at.asked.at(-1)?.points).toEqual(AROUND);
    at.send("cancel");
    expect(at.busy()).toBe(false);
  });

  it("says why there is no answer and keeps the clicks", () => {
    const at = hand(extremeTool);
    for (const point of AROUND) at.click(point);
    at.answer({ proposals: [], problem: "the connection is lost" });
    expect(at.hints.at(-1)).toBe("the connection is lost");
    expect(at.busy()).toBe(true);
  });
});

describe("the other tools", () => {
  it("sends strokes with the side they lie on", () => {
    const at = hand(scribblesTool);
    at.pull([
      [30, 50],
      [40, 50],
      [60, 50],
    ]);
    at.pull(
      [
        [5, 5],
        [95, 5],
      ],
      true,
    );
    expect(at.asked.at(-1)).toMatchObject({
      tool: "scribbles",
      scribbles: [
        {
          inside: true,
          points: [
            [30, 50],
            [40, 50],
            [60, 50],
          ],
        },
        {
          inside: false,
          points: [
            [5, 5],
            [95, 5],
          ],
        },
      ],
    });
  });

  it("sends a box and clicks on both sides to the segmenter", () => {
    const at = hand(modelTool);
    at.pull([
      [10, 10],
      [60, 70],
    ]);
    at.click([30, 30]);
    at.click([55, 65], true);
    expect(at.asked.at(-1)).toMatchObject({
      tool: "model",
      box: { kind: "box", x: 10, y: 10, w: 50, h: 60 },
      points: [
        [30, 30],
        [55, 65],
      ],
      labels: [1, 0],
    });
  });

  it("does not ask the segmenter while nothing is inside", () => {
    const at = hand(modelTool);
    at.click([30, 30], true);
    expect(at.asked).toHaveLength(0);
  });

  it("shows the way to the pointer, asks one question at a time and keeps what was clicked", () => {
    const at = hand(scissorsTool);
    const way = (points: Point[]): Partial<Answer> => ({ proposals: [{ kind: "polyline", points }] });
    at.click([10, 10]);
    at.move([30, 12]);
    at.move([50, 14]); // the first question is still under way
    expect(at.asked).toHaveLength(1);
    expect(at.asked[0]).toMatchObject({ tool: "scissors", as: "polyline" });
    at.answer(way([[10, 10], [20, 15], [30, 12]])); // biome-ignore format: points in a row
    expect(at.open()).toHaveLength(3);
    expect(at.asked[1]?.points).toEqual([
      [10, 10],
      [50, 14],
    ]);
    at.answer(way([[10, 10], [25, 18], [40, 18], [50, 14]])); // biome-ignore format: points in a row
    at.click([50, 14]);
    expect(at.open()).toHaveLength(4); // what was clicked stays as it was shown
    at.click([50, 60]); // no way was shown there: straight
    expect(at.open().slice(-2)).toEqual([
      [50, 14],
      [50, 60],
    ]);
    at.answer();
    expect(at.open()).toHaveLength(0); // the proposal shows it all
    at.send("back");
    expect(at.open()).toHaveLength(4);
    at.send("cancel");
    expect(at.open()).toHaveLength(0);
  });

  it("is not held up by a way that does not come", () => {
    const at = hand(scissorsTool);
    at.click([10, 10]);
    at.move([30, 12]);
    at.answer({ proposals: [], problem: "the connection is lost" });
    expect(at.hints).not.toContain("the connection is lost"); // only clicks are worth a message
    at.move([60, 12]);
    expect(at.asked).toHaveLength(2);
  });

  it("follows edges as a line for a class that is drawn as lines", () => {
    const at = hand(scissorsTool, ["polyline"]);
    at.click([10, 10]);
    at.click([90, 90]);
    expect(at.asked[0]).toMatchObject({
      tool: "scissors",
      as: "polyline",
      points: [
        [10, 10],
        [90, 90],
      ],
    });
  });
});
