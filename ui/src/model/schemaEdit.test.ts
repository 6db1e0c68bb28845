import { describe, expect, it } from "vitest";
import { attributeProblems, bonesText, parsedBones, parsedChoices, parsedSchema, schemaText } from "./schemaEdit";
import { aClass } from "./testing";

const face = { nodes: ["left - eye", "nose"], edges: [[0, 1]] as [number, number][] };
const view = { name: "view", kind: "choice" as const, choices: ["front", "side"], default: null, required: true };
const schema = {
  task: "draw" as const,
  classes: [aClass(0, "car", { colour: "#1f5fbf", attributes: [view] }), aClass(1, "Gesicht: ü", { skeleton: face })],
  instructions: "",
};

describe("schema as text", () => {
  it("comes back the same from YAML and from JSON, without what is empty", async () => {
    for (const language of ["yaml", "json"] as const) {
      const text = await schemaText(schema, language);
      expect(text).not.toContain("null");
      const { schema: read } = await parsedSchema(text);
      expect(read?.classes).toMatchObject([
        { id: 0, name: "car", colour: "#1f5fbf", attributes: [{ name: "view", required: true }] },
        { id: 1, name: "Gesicht: ü", skeleton: face },
      ]);
    }
  });

  it("names the line of what is wrong, in the text or for the server", async () => {
    const broken = await parsedSchema("classes:\n  - name: car\n - name: person\n");
    expect(broken.problem?.line).toBe(3);
    const { lineOf } = await parsedSchema("task: draw\nclasses:\n  - name: car\n    colour: blue\n  - name: dog\n");
    expect(lineOf("$.classes[0].colour")).toBe(4);
    expect(lineOf("$.classes[1].shapes")).toBe(5);
    expect(lineOf("$.elsewhere")).toBeNull();
  });

  it("gives classes without an id the one of their place, and wants a list of classes", async () => {
    const { schema: read } = await parsedSchema("classes:\n- name: car\n- name: dog\n");
    expect(read?.classes.map(({ id }) => id)).toEqual([0, 1]);
    expect((await parsedSchema("car, dog")).problem?.text).toContain("classes");
  });

  it("does not unfold a bomb of aliases", async () => {
    const lines = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (const [name, before] of ["ba", "cb", "dc", "ed", "fe", "gf", "hg"]) {
      lines.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(", ")}]`);
    }
    const { problem } = await parsedSchema(`${lines.join("\n")}\nclasses: *h\n`);
    expect(problem?.text).toMatch(/alias/i);
  });
});

describe("skeletons and attributes", () => {
  it("are written line by line and read back", () => {
    expect(parsedBones(bonesText(face))).toEqual({ bones: face, problem: null });
    expect(parsedBones({ nodes: "", edges: "" })).toEqual({ bones: null, problem: null });
    expect(parsedBones({ nodes: "a\nb\na", edges: "" }).problem).toContain("twice");
    expect(parsedBones({ nodes: "a\nb", edges: "a - c" }).problem).toContain("a - b");
    expect(parsedBones({ nodes: "a\nb", edges: "a - a" }).problem).toContain("itself");
  });

  it("say what is wrong with an attribute where it stands", () => {
    expect(parsedChoices("front, side;\n back")).toEqual(["front", "side", "back"]);
    const one = { ...view, choices: ["front"] };
    expect(attributeProblems([view, view, one, { ...view, name: "" }])).toEqual([
      null,
      "There is an attribute “view” already.",
      "There is an attribute “view” already.",
      "The attribute needs a name.",
    ]);
    expect(attributeProblems([one])[0]).toContain("two choices");
  });
});
