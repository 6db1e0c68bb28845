// Saves one field of the policy. A policy is sent whole, so the rest is taken from what is stored when its turn comes.
import { useQueryClient } from "@tanstack/react-query";
import type { Wire } from "../../api/client";
import { patchProject, type Saving } from "./useSaving";

type Policy = Wire["Policy"];

/** `said` names the change, as in "Undo: budget". */
export type Keep = <F extends keyof Policy>(field: F, said: string, value: Policy[F]) => void;

/** What every form of the policy gets. */
export interface Shared {
  policy: Policy;
  keep: Keep;
  saving: Saving;
}

export function useKeep({ slug, policy }: Wire["Project"], saving: Saving): Keep {
  const cache = useQueryClient();
  return (field, said, value) => {
    const before = policy[field];
    const now = () => cache.getQueryData<Wire["ProjectView"]>(["project", slug])?.project.policy ?? policy;
    void saving.save({
      field,
      said,
      send: () => patchProject(slug, { policy: { ...now(), [field]: value } }),
      back: () => patchProject(slug, { policy: { ...now(), [field]: before } }),
    });
  };
}
