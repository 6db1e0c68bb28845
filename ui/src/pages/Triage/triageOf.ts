// What this tab holds of each batch: decisions on its stacks, and the session of its questions. Leaving and coming back finds both.
import { api, unwrap } from "../../api/client";
import { outbox } from "../../api/outbox";
import { queryClient } from "../../api/queries";
import { tabName } from "../../api/tab";
import { Session } from "../../model/session";
import { Triage } from "../../model/triage";

const known = new Map<string, { triage: Triage; session: Session }>();

export function batchDesk(slug: string, number: number): { triage: Triage; session: Session } {
  const id = `${slug}/${number}`;
  const before = known.get(id);
  if (before) return before;
  const path = { slug, number };
  const session = new Session(
    slug,
    {
      claim: (n) =>
        unwrap(
          api.POST("/api/projects/{slug}/batches/{number}/claim", { params: { path }, body: { client: tabName, n } }),
        ),
      claimItem: (itemId) =>
        unwrap(
          api.POST("/api/projects/{slug}/items/{item_id}/claim", {
            params: { path: { slug, item_id: itemId } },
            body: { client: tabName, n: 1 },
          }),
        ),
      // The strip holds the questions of this batch alone.
      history: async () => [],
    },
    outbox,
  );
  const made = { triage: new Triage(slug, number, outbox), session };
  known.set(id, made);
  return made;
}

// An answer changes the stacks and what is left.
outbox.listen({
  settled: ({ kind, slug }) => {
    if (kind === "stack" || kind === "unstack" || kind === "submit" || kind === "retract") {
      void queryClient.invalidateQueries({ queryKey: ["project", slug, "batches"] });
      // A stack may hold what was to be asked next.
      if (kind === "stack" || kind === "unstack")
        for (const [id, { session }] of known) if (id.startsWith(`${slug}/`)) session.forget();
      if (kind === "stack") void queryClient.invalidateQueries({ queryKey: ["project", slug], exact: true });
    }
  },
});
