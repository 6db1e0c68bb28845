// A new project on one page: images, name, classes, Start. Errors appear where their cause is, and what was typed stays.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import { ApiError, api, unwrap, type Wire } from "../../api/client";
import { normalName, parseClasses } from "../../model/classes";
import { size } from "../../model/figures";
import type { Choice } from "../../model/policy";
import { suggestName } from "../../model/sources";
import { Button } from "../../parts/Button";
import { ErrorNote } from "../../parts/ErrorNote";
import { Field } from "../../parts/Field";
import { ProgressBar } from "../../parts/ProgressBar";
import { Choices } from "../Settings/Choices";
import { ClassList } from "./ClassList";
import { FolderLabels } from "./FolderLabels";
import { type Source, SourcePicker, usable } from "./SourcePicker";
import { stopped, useSend } from "./useSend";

interface Draft {
  source: Source | null;
  /** Null until typed: then the source suggests one. */
  name: string | null;
  classes: string;
  task: Wire["Schema"]["task"];
  fromFolders: boolean;
}

const EMPTY: Draft = { source: null, name: null, classes: "", task: "classify", fromFolders: false };

const TASKS: readonly Choice[] = [
  {
    name: "classify",
    title: "One class an image",
    explanation: "A key names the whole image: basset, chow, poodle.",
  },
  {
    name: "draw",
    title: "Shapes on an image",
    explanation: "Boxes, polygons, masks and keypoints around what is on it, each with a class.",
  },
];

function suggested(source: Source | null): string {
  if (source === null) return "";
  return suggestName(source.kind === "path" ? [source.path] : source.sorted.taken.map((file) => file.path));
}

/** Where an error belongs; "" when it belongs to none of the fields. */
function fieldOf(error: unknown): "name" | "classes" | "source" | "task" | "" {
  if (!(error instanceof ApiError)) return "";
  if (error.path?.startsWith("$.name")) return "name";
  if (error.path?.startsWith("$.classes")) return "classes";
  if (error.path?.startsWith("$.task")) return "task";
  return error.path?.startsWith("$.source") ? "source" : "";
}

export function NewProject({ first, onCancel }: { first: boolean; onCancel?: () => void }) {
  const [draft, setDraft] = useState(EMPTY);
  const change = (part: Partial<Draft>) => setDraft((now) => ({ ...now, ...part }));
  const [, go] = useLocation();
  const cache = useQueryClient();
  const { sent, send, cancel } = useSend();
  const name = draft.name ?? suggested(draft.source);
  const classes = parseClasses(draft.classes);

  const start = useMutation({
    mutationFn: async () => {
      const source = draft.source === null ? null : await send(draft.source);
      const body = {
        name: normalName(name),
        classes: classes.map((entry) => entry.name),
        source,
        encoder: null,
        task: draft.task,
        // Folders name classes of whole images, not of what is on them.
        labels_from_folders: draft.fromFolders && draft.task === "classify",
      };
      return unwrap(api.POST("/api/projects", { body }));
    },
    onSuccess: (view) => {
      void cache.invalidateQueries({ queryKey: ["projects"] });
      cache.setQueryData(["project", view.project.slug], view);
      go(`/p/${view.project.slug}/import`);
    },
  });

  const error = start.error && !stopped(start.error) ? start.error : null;
  const at = fieldOf(error);
  const problem = (field: string) => (error && at === field ? error.message : null);
  const ready = usable(draft.source) && normalName(name) !== "" && classes.every((entry) => entry.problem === null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !start.isPending) start.mutate();
  };

  return (
    <form className="new-project" onSubmit={submit} aria-label="New project">
      <SourcePicker
        source={draft.source}
        onChange={(source) => change({ source })}
        problem={problem("source")}
        big={first}
      />
      <div className="new-facts">
        <Field label="Project name" problem={problem("name")}>
          {(control) => (
            <input
              {...control}
              type="text"
              value={name}
              maxLength={100}
              placeholder="My photos"
              onChange={(event) => change({ name: event.target.value })}
            />
          )}
        </Field>
        <Choices
          legend="What to say of each image"
          common={TASKS}
          chosen={draft.task}
          problem={problem("task")}
          onChoose={(task) => change({ task: task === "draw" ? "draw" : "classify" })}
        />
        <ClassList text={draft.classes} onChange={(text) => change({ classes: text })} problem={problem("classes")} />
        {draft.task === "classify" && (
          <FolderLabels
            source={draft.source}
            checked={draft.fromFolders}
            onChange={(fromFolders) => change({ fromFolders })}
          />
        )}
      </div>
      {error && at === "" && <ErrorNote error={error} />}
      {sent !== null && draft.source?.kind === "files" ? (
        <Sending sent={sent} total={draft.source.sorted.bytes} onCancel={cancel} />
      ) : (
        <div className="row">
          <Button look="primary" type="submit" disabled={!ready || start.isPending}>
            {start.isPending ? "Starting" : "Start"}
          </Button>
          {onCancel && (
            <Button look="plain" onClick={onCancel}>
              Cancel
            </Button>
          )}
          {!ready && <span className="quiet">{missing(draft.source, name)}</span>}
        </div>
      )}
    </form>
  );
}

function missing(source: Source | null, name: string): string {
  if (!usable(source)) return "First say where the images are.";
  return normalName(name) === "" ? "The project needs a name." : "Some class names need correcting.";
}

export function Sending({ sent, total, onCancel }: { sent: number; total: number; onCancel: () => void }) {
  return (
    <div className="sending">
      <div className="row">
        <p className="sending-what number" role="status">
          Sending: {size(sent)} of {size(total)}
        </p>
        <Button onClick={onCancel}>Stop sending</Button>
      </div>
      <ProgressBar label="Sending the files" done={sent} total={total} />
    </div>
  );
}
