import { describe, expect, it } from "vitest";
import { actionsOf, classKeys, type KeyPress, pressed, printed, RESERVED_KEYS } from "./actions";
import { aClass } from "./testing";

const press = (key: string, code = "", more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  repeat: false,
  ...more,
});

const classes = (n: number, keys: Record<number, string> = {}) =>
  Array.from({ length: n }, (_, id) => aClass(id, `c${id}`, { key: keys[id] ?? null }));

describe("actions", () => {
  it("gives every key one meaning on each page", () => {
    for (const page of ["annotate", "validate", "review", "triage", "draw"] as const) {
      const keys = actionsOf(page).flatMap((action) => action.keys);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  it("gives classes 1 to 9, 0, then letters no action has", () => {
    const keys = [...classKeys(classes(14)).values()];
    expect(keys.slice(0, 10).join("")).toBe("1234567890");
    expect(keys.some((key) => RESERVED_KEYS.classify.has(key))).toBe(false);
    expect(new Set(keys).size).toBe(14);
  });

  it("leaves classes without a key when the keys run out", () => {
    expect(classKeys(classes(80)).size).toBeLessThan(80);
  });

  it("respects a class's own key unless an action has it", () => {
    const keys = classKeys(classes(3, { 1: "1", 2: "a" }));
    expect(keys.get(1)).toBe("1");
    expect(keys.get(0)).toBe("2");
    expect(keys.get(2)).toBe("3");
  });

  it("gives a class that is named like a key this key, so that digits mean themselves", () => {
    const [first, second] = classes(2);
    if (!first || !second) throw new Error("two classes were made");
    const keys = classKeys([
      { ...first, name: "0" },
      { ...second, name: "1" },
    ]);
    expect([keys.get(0), keys.get(1)]).toEqual(["0", "1"]);
  });

  it("passes archived classes over", () => {
    const [first, second] = classes(2);
    if (!first || !second) throw new Error("two classes were made");
    expect(classKeys([{ ...first, archived: true }, second]).get(1)).toBe("1");
  });

  it("reads digits on French keyboards, letters on Greek ones, and the number block", () => {
    const keys = classKeys(classes(3));
    expect(pressed("annotate", press("é", "Digit2"), keys)).toEqual({ kind: "class", classId: 1 });
    expect(pressed("annotate", press("3", "Numpad3"), keys)).toEqual({ kind: "class", classId: 2 });
    expect(pressed("annotate", press("φ", "KeyF"), keys)).toEqual({ kind: "action", action: "flag" });
  });

  it("tells + and ? and / by what they print, wherever they lie", () => {
    const keys = classKeys(classes(10));
    expect(pressed("annotate", press("+", "Equal", { shiftKey: true }), keys)).toEqual({
      kind: "action",
      action: "addClass",
    });
    expect(pressed("annotate", press("/", "Digit7", { shiftKey: true }), keys)).toEqual({
      kind: "action",
      action: "search",
    });
    expect(pressed("annotate", press("?", "Minus", { shiftKey: true }), keys)).toEqual({
      kind: "action",
      action: "help",
    });
  });

  it("never decides while a key is held down, but moves", () => {
    const keys = classKeys(classes(3));
    expect(pressed("annotate", press("1", "Digit1", { repeat: true }), keys)).toBeNull();
    expect(pressed("annotate", press("Enter", "Enter", { repeat: true }), keys)).toBeNull();
    expect(pressed("validate", press("ArrowRight", "ArrowRight", { repeat: true }), keys)).not.toBeNull();
  });

  it("leaves the browser its own combinations", () => {
    const keys = classKeys(classes(3));
    expect(pressed("annotate", press("f", "KeyF", { ctrlKey: true }), keys)).toBeNull();
    expect(pressed("annotate", press("1", "Digit1", { altKey: true }), keys)).toBeNull();
    expect(pressed("annotate", press("z", "KeyZ", { ctrlKey: true }), keys)).toEqual({
      kind: "action",
      action: "undo",
    });
    expect(pressed("annotate", press("z", "KeyZ", { metaKey: true }), keys)).toEqual({
      kind: "action",
      action: "undo",
    });
  });

  it("tells Shift and Ctrl apart where a page does, and takes the plain key elsewhere", () => {
    const keys = classKeys(classes(3), "draw");
    const shiftA = press("A", "KeyA", { shiftKey: true });
    expect(pressed("draw", press("a", "KeyA"), keys)).toEqual({ kind: "action", action: "accept" });
    expect(pressed("draw", shiftA, keys)).toEqual({ kind: "action", action: "acceptAbove" });
    expect(pressed("annotate", shiftA, keys)).toEqual({ kind: "action", action: "accept" });
    const redo = press("Z", "KeyZ", { ctrlKey: true, shiftKey: true });
    expect(pressed("draw", redo, keys)).toEqual({ kind: "action", action: "redo" });
    expect(pressed("annotate", redo, keys)).toBeNull();
    const far = press("ArrowLeft", "ArrowLeft", { shiftKey: true });
    expect(pressed("draw", far, keys)).toEqual({ kind: "action", action: "farLeft" });
    expect(pressed("validate", far, keys)).toEqual({ kind: "action", action: "left" });
  });

  it("prints combinations as they are pressed", () => {
    expect(["Ctrl+Shift+z", "Shift+ArrowLeft", "Delete", "n"].map(printed)).toEqual([
      "Ctrl Shift Z",
      "Shift ←",
      "Del",
      "N",
    ]);
  });

  it("keeps the letters of drawing for classes that are not drawn", () => {
    const own = classes(1, { 0: "n" });
    expect(classKeys(own).get(0)).toBe("n");
    expect(classKeys(own, "draw").get(0)).toBe("1");
  });
});
