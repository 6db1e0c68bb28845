// Name and instructions, and the facts of a project that do not change.
import type { Wire } from "../../api/client";
import { nameProblem } from "../../model/classes";
import { count, counted } from "../../model/figures";
import { Field } from "../../parts/Field";
import { patchProject, type Saving } from "./useSaving";
import { useTyped } from "./useTyped";

interface Props {
  project: Wire["Project"];
  saving: Saving;
}

const LONGEST_TEXT = 100_000;

/** The server's word on a field, while it is the one that could not be saved. */
export function refusal(saving: Saving, field: string): string | null {
  return saving.failed === field && saving.error instanceof Error ? saving.error.message : null;
}

export function NameForm({ project, saving }: Props) {
  const { slug } = project;
  const keep = (field: "name" | "instructions", said: string, before: string) => (text: string) =>
    void saving.save({
      field,
      said,
      send: () => patchProject(slug, { [field]: text }),
      back: () => patchProject(slug, { [field]: before }),
    });
  const name = useTyped({ saved: project.name, check: nameProblem, save: keep("name", "name", project.name) });
  const stored = project.task_schema.instructions ?? "";
  const text = useTyped({
    saved: stored,
    check: (now) =>
      now.length > LONGEST_TEXT ? `${count(now.length)} characters; at most ${count(LONGEST_TEXT)} fit.` : null,
    save: keep("instructions", "instructions", stored),
  });
  return (
    <section className="card settings-part" aria-labelledby="settings-name">
      <h2 id="settings-name">Project</h2>
      <Field label="Name" problem={name.problem ?? refusal(saving, "name")}>
        {(control) => (
          <input
            {...control}
            type="text"
            value={name.text}
            onChange={(event) => name.change(event.target.value)}
            onBlur={name.leave}
          />
        )}
      </Field>
      <Field
        label="Instructions for annotators"
        hint="Shown beside every image: what counts as which class, and what to do in doubt. Plain text."
        problem={text.problem ?? refusal(saving, "instructions")}
      >
        {(control) => (
          <textarea
            {...control}
            rows={5}
            value={text.text}
            onChange={(event) => text.change(event.target.value)}
            onBlur={text.leave}
          />
        )}
      </Field>
    </section>
  );
}

export function About({ view, home }: { view: Wire["ProjectView"]; home: string | undefined }) {
  const { project, counts } = view;
  const facts: [string, string][] = [
    ["Images", `${count(counts.items)}, of which ${count(counts.holdout_items)} are held out to measure`],
    ["Left out by imports", `${counted(counts.duplicates, "duplicate")}, ${count(counts.rejected)} rejected`],
    ["First source", project.source || "none yet"],
    ["Encoder", project.encoder],
    ["Seed of all draws", String(project.seed)],
    ["Kept in", home ?? ""],
  ];
  return (
    <section className="card settings-part" aria-labelledby="settings-about">
      <h2 id="settings-about">Facts</h2>
      <dl className="about-facts">
        {facts.map(([term, value]) => (
          <div key={term}>
            <dt className="quiet">{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
