// Saves settings as they change, remembers how to take the last change back, and says whether everything is saved.
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { api, unwrap, type Wire } from "../../api/client";

type View = Wire["ProjectView"];

export interface Change {
  /** Changes of the same field in a row are taken back together. */
  field: string;
  /** "Name", as it stands in "Undo: name". */
  said: string;
  send: () => Promise<View>;
  back: () => Promise<View>;
}

export interface Saving {
  state: "idle" | "saving" | "saved" | "failed";
  error: unknown;
  /** The field the error belongs to. */
  failed: string | null;
  undoable: string | null;
  save: (change: Change) => Promise<boolean>;
  undo: () => void;
  retry: () => void;
}

export function useSaving(slug: string): Saving {
  const cache = useQueryClient();
  const [state, setState] = useState<Saving["state"]>("idle");
  const [error, setError] = useState<unknown>(null);
  const [done, setDone] = useState<readonly Change[]>([]);
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  const [failed, setFailed] = useState<{ field: string; again: () => void } | null>(null);

  // One after the other: a policy is sent whole, and two at once would undo each other.
  const run = (field: string, send: () => Promise<View>, then: () => void): Promise<boolean> => {
    const turn = queue.current.then(async () => {
      setState("saving");
      try {
        cache.setQueryData(["project", slug], await send());
        void cache.invalidateQueries({ queryKey: ["projects"] });
        setFailed(null);
        setState("saved");
        setError(null);
        then();
        return true;
      } catch (problem) {
        setFailed({ field, again: () => void run(field, send, then) });
        setState("failed");
        setError(problem);
        return false;
      }
    });
    queue.current = turn;
    return turn;
  };

  const last = done.at(-1);
  return {
    state,
    error,
    failed: failed?.field ?? null,
    undoable: last?.said ?? null,
    save: (change) => run(change.field, change.send, () => setDone((all) => withChange(all, change))),
    undo: () => {
      if (last) void run(last.field, last.back, () => setDone((all) => all.slice(0, -1)));
    },
    retry: () => failed?.again(),
  };
}

/** What was typed in one go is one change: its way back is that of its beginning. */
function withChange(all: readonly Change[], change: Change): readonly Change[] {
  const last = all.at(-1);
  return last?.field === change.field ? [...all.slice(0, -1), { ...change, back: last.back }] : [...all, change];
}

/** PATCH of a project's name, instructions or policy. */
export function patchProject(slug: string, patch: Wire["ProjectPatch"]): Promise<View> {
  return unwrap(api.PATCH("/api/projects/{slug}", { params: { path: { slug } }, body: patch }));
}

export function patchClass(slug: string, id: number, patch: Wire["ClassPatch"]): Promise<View> {
  return unwrap(
    api.PATCH("/api/projects/{slug}/classes/{class_id}", {
      params: { path: { slug, class_id: id } },
      body: patch,
    }),
  );
}
