// The classes: rename, key, archive, bring back, add. Ids never change, because labels point at them.
import { type FormEvent, useState } from "react";
import { api, unwrap, type Wire } from "../../api/client";
import { keyInUse, keyProblem, renameProblem } from "../../model/classEdit";
import { parseClasses } from "../../model/classes";
import { counted } from "../../model/figures";
import { Button } from "../../parts/Button";
import { Swatch } from "../../parts/ClassChip";
import { Field } from "../../parts/Field";
import { KIND_WORDS } from "../Workbench/tools";
import { DrawingForm } from "./DrawingForm";
import { refusal } from "./NameForm";
import { SchemaText } from "./SchemaText";
import { patchClass, type Saving } from "./useSaving";
import { useTyped } from "./useTyped";

interface Props {
  project: Wire["Project"];
  saving: Saving;
}

export function ClassesForm({ project, saving }: Props) {
  const { classes, task } = project.task_schema;
  const active = classes.filter((entry) => !entry.archived);
  const archived = classes.filter((entry) => entry.archived);
  return (
    <section className="card settings-part" aria-labelledby="settings-classes">
      <h2 id="settings-classes">Classes</h2>
      <p className="quiet">
        {task === "draw" ? "The key says what is drawn next; " : "The key answers with this class while labeling; "}
        left empty, the next free one is dealt. An archived class is no longer offered, its labels stay.
      </p>
      {active.length === 0 && <p>There are no classes yet. Labeling starts with the first two.</p>}
      <ul className="edit-rows">
        {active.map((entry) => (
          <ClassRow key={entry.id} entry={entry} project={project} saving={saving} />
        ))}
      </ul>
      <AddClasses project={project} saving={saving} />
      {task === "draw" && <SchemaText project={project} saving={saving} />}
      {archived.length > 0 && (
        <details>
          <summary className="plain-summary">{counted(archived.length, "archived class", "archived classes")}</summary>
          <ul className="edit-rows">
            {archived.map((entry) => (
              <Archived key={entry.id} entry={entry} project={project} saving={saving} />
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

interface RowProps extends Props {
  entry: Wire["Class"];
}

function archive({ entry, project, saving }: RowProps, archived: boolean): void {
  void saving.save({
    field: `archived ${entry.id}`,
    said: archived ? `archive ${entry.name}` : `bring back ${entry.name}`,
    send: () => patchClass(project.slug, entry.id, { archived }),
    back: () => patchClass(project.slug, entry.id, { archived: !archived }),
  });
}

function ClassRow(props: RowProps) {
  const { entry, project, saving } = props;
  const { classes, task } = project.task_schema;
  const id = `class-${entry.id}`;
  const keep = (part: "name" | "key", before: string) => (text: string) =>
    void saving.save({
      field: `${part} ${entry.id}`,
      said: part === "name" ? `rename of ${before}` : `key of ${entry.name}`,
      send: () => patchClass(project.slug, entry.id, { [part]: part === "key" ? text.trim().toLowerCase() : text }),
      back: () => patchClass(project.slug, entry.id, { [part]: before }),
    });
  const name = useTyped({
    saved: entry.name,
    check: (text) => renameProblem(text, entry.id, classes),
    save: keep("name", entry.name),
  });
  const key = useTyped({
    saved: entry.key ?? "",
    check: (text) => keyProblem(text, entry.id, classes, task),
    save: keep("key", entry.key ?? ""),
  });
  const problem =
    name.problem ?? key.problem ?? refusal(saving, `name ${entry.id}`) ?? refusal(saving, `key ${entry.id}`);
  return (
    <li>
      <div className="edit-row">
        <Swatch classId={entry.id} colour={entry.colour} />
        <input
          className="input"
          type="text"
          dir="auto"
          aria-label={`Name of class ${entry.id + 1}`}
          aria-invalid={name.problem ? true : undefined}
          aria-describedby={problem ? id : undefined}
          value={name.text}
          onChange={(event) => name.change(event.target.value)}
          onBlur={name.leave}
        />
        <input
          className="input edit-key"
          type="text"
          aria-label={`Key of ${entry.name}`}
          aria-invalid={key.problem ? true : undefined}
          aria-describedby={problem ? id : undefined}
          placeholder={keyInUse(entry.id, classes, task)}
          value={key.text}
          maxLength={2}
          onFocus={(event) => event.target.select()}
          onChange={(event) => key.change(event.target.value)}
          onBlur={key.leave}
        />
        <Button look="plain" aria-label={`Archive ${entry.name}`} onClick={() => archive(props, true)}>
          Archive
        </Button>
      </div>
      {problem && (
        <p id={id} className="problem edit-problem" role="alert">
          {problem}
        </p>
      )}
      {task === "draw" && (
        <details className="edit-drawing">
          <summary className="plain-summary small">
            <span className="sr-only">{entry.name}: </span>
            {drawnAs(entry)}
          </summary>
          <DrawingForm entry={entry} project={project} saving={saving} />
        </details>
      )}
    </li>
  );
}

/** How a class is drawn in one line. */
function drawnAs({ shapes, attributes, skeleton }: Wire["Class"]): string {
  const kinds = shapes.length === 0 ? "any shape" : shapes.map((kind) => KIND_WORDS[kind]).join(", ");
  const asked = attributes.length > 0 ? `, ${counted(attributes.length, "attribute")}` : "";
  const bones = skeleton ? `, ${counted(skeleton.nodes.length, "keypoint")}` : "";
  return `Drawn as ${kinds}${asked}${bones}`;
}

function Archived(props: RowProps) {
  const { entry, project, saving } = props;
  const problem =
    renameProblem(entry.name, entry.id, project.task_schema.classes) ?? refusal(saving, `archived ${entry.id}`);
  return (
    <li>
      <div className="edit-row">
        <Swatch classId={entry.id} colour={entry.colour} />
        <bdi className="edit-archived quiet">{entry.name}</bdi>
        <Button
          aria-label={`Bring back ${entry.name}`}
          disabled={problem !== null}
          onClick={() => archive(props, false)}
        >
          Bring back
        </Button>
      </div>
      {problem && <p className="quiet edit-problem">{problem}</p>}
    </li>
  );
}

function AddClasses({ project, saving }: Props) {
  const [text, setText] = useState("");
  const { classes } = project.task_schema;
  const entries = parseClasses(text);
  const problem = entries
    .map((entry) => entry.problem ?? renameProblem(entry.name, null, classes))
    .find((said) => said !== null);
  const add = async (event: FormEvent) => {
    event.preventDefault();
    if (problem || entries.length === 0) return;
    for (const { name } of entries) {
      // A class is never removed, so taking an addition back means to archive it.
      const id = { made: -1 };
      const done = await saving.save({
        field: `add ${name}`,
        said: `add ${name}`,
        send: async () => {
          const view = await unwrap(
            api.POST("/api/projects/{slug}/classes", { params: { path: { slug: project.slug } }, body: { name } }),
          );
          id.made = view.project.task_schema.classes.length - 1;
          return view;
        },
        back: () => patchClass(project.slug, id.made, { archived: true }),
      });
      if (!done) return;
    }
    setText("");
  };
  const refused = entries.map((entry) => refusal(saving, `add ${entry.name}`)).find((said) => said !== null);
  return (
    <form onSubmit={add}>
      <Field label="Add classes" hint="One, or several with commas between." problem={problem ?? refused}>
        {(control) => (
          <div className="add-row">
            <input
              {...control}
              className="input"
              type="text"
              dir="auto"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
            <Button type="submit" disabled={entries.length === 0 || Boolean(problem)}>
              Add
            </Button>
          </div>
        )}
      </Field>
    </form>
  );
}
