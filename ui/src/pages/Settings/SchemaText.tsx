// The schema as YAML or JSON: to copy from one project to another, or to change a lot at once. Refusals name their line.
import { useEffect, useRef, useState } from "react";
import { ApiError, api, unwrap, type Wire } from "../../api/client";
import { type Language, parsedSchema, schemaText } from "../../model/schemaEdit";
import { Button } from "../../parts/Button";
import { Field } from "../../parts/Field";
import type { Saving } from "./useSaving";

interface Props {
  project: Wire["Project"];
  saving: Saving;
}

export function SchemaText({ project, saving }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="plain-summary">As text: YAML or JSON</summary>
      {open && <Editor project={project} saving={saving} />}
    </details>
  );
}

function Editor({ project, saving }: Props) {
  const schema = project.task_schema;
  const [language, setLanguage] = useState<Language>("yaml");
  const [saved, setSaved] = useState<string | null>(null);
  const [typed, setTyped] = useState<string | null>(null);
  const [problem, setProblem] = useState<{ text: string; line: number | null } | null>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    let current = true;
    void schemaText(schema, language).then((text) => current && setSaved(text));
    return () => {
      current = false;
    };
  }, [schema, language]);
  const text = typed ?? saved ?? "";

  const refuse = (said: string, line: number | null) => {
    setProblem({ text: said, line });
    if (line !== null && area.current) select(area.current, line);
  };
  const keep = async () => {
    setProblem(null);
    const { schema: wanted, problem: wrong, lineOf } = await parsedSchema(text);
    if (!wanted) return refuse(wrong?.text ?? "This is not a schema.", wrong?.line ?? null);
    const params = { path: { slug: project.slug } };
    let refused: unknown = null;
    const done = await saving.save({
      field: "schema",
      said: "the schema",
      send: async () => {
        try {
          return await unwrap(api.PUT("/api/projects/{slug}/schema", { params, body: wanted }));
        } catch (error) {
          refused = error;
          throw error;
        }
      },
      back: () => unwrap(api.PUT("/api/projects/{slug}/schema", { params, body: schema })),
    });
    if (done) setTyped(null);
    else refuse(said(refused), refused instanceof ApiError && refused.path ? lineOf(refused.path) : null);
  };

  return (
    <div className="stack">
      <Field
        label="Schema"
        hint="An id stays with its class for ever, because labels point at it. A class without one is new and comes last."
        problem={problem && (problem.line === null ? problem.text : `Line ${problem.line}: ${problem.text}`)}
      >
        {(control) => (
          <textarea
            {...control}
            ref={area}
            className="schema-text"
            rows={Math.min(28, text.split("\n").length + 1)}
            spellCheck={false}
            value={text}
            onChange={(event) => {
              setTyped(event.target.value);
              setProblem(null);
            }}
          />
        )}
      </Field>
      <div className="row">
        <Button look="primary" disabled={typed === null || typed === saved} onClick={() => void keep()}>
          Save the schema
        </Button>
        <Button
          disabled={typed === null}
          onClick={() => {
            setTyped(null);
            setProblem(null);
          }}
        >
          As it was
        </Button>
        <span className="gap" />
        <Button disabled={typed !== null} onClick={() => setLanguage(language === "yaml" ? "json" : "yaml")}>
          {language === "yaml" ? "Show as JSON" : "Show as YAML"}
        </Button>
      </div>
    </div>
  );
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : "It was not saved.";
}

/** Marks a line, counted from 1, and brings it into sight. */
function select(area: HTMLTextAreaElement, line: number): void {
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
}
