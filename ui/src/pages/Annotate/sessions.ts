// The sessions of this tab, one a project: leaving the page and coming back finds the strip as it was.
import { api, unwrap } from "../../api/client";
import { outbox } from "../../api/outbox";
import { tabName } from "../../api/tab";
import { Session } from "../../model/session";

const sessions = new Map<string, Session>();

export function sessionOf(slug: string): Session {
  const known = sessions.get(slug);
  if (known) return known;
  const path = { slug };
  const session = new Session(
    slug,
    {
      claim: (n) => unwrap(api.POST("/api/projects/{slug}/claim", { params: { path }, body: { client: tabName, n } })),
      claimItem: (itemId) =>
        unwrap(
          api.POST("/api/projects/{slug}/items/{item_id}/claim", {
            params: { path: { slug, item_id: itemId } },
            body: { client: tabName, n: 1 },
          }),
        ),
      history: (limit) => unwrap(api.GET("/api/projects/{slug}/history", { params: { path, query: { limit } } })),
    },
    outbox,
  );
  sessions.set(slug, session);
  return session;
}
