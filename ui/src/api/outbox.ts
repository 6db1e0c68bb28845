// The one outbox of this tab, tied to the server, the local storage, and the signs that a connection is back.
import { useSyncExternalStore } from "react";
import { Outbox, type Post } from "../model/outbox";
import { ApiError, api, unwrap, useConnection } from "./client";
import { tabName } from "./tab";

function send(post: Post): Promise<unknown> {
  const params = { path: { slug: post.slug } };
  const { key } = post;
  switch (post.kind) {
    case "submit":
      return unwrap(api.POST("/api/projects/{slug}/submit", { params, body: { ...post.body, key } }));
    case "retract":
    case "unlook":
      return unwrap(api.POST("/api/projects/{slug}/retract", { params, body: { ...post.body, key, client: tabName } }));
    case "look": {
      const path = { ...params.path, item_id: post.itemId };
      return unwrap(
        api.POST("/api/projects/{slug}/suspects/{item_id}", { params: { path }, body: { ...post.body, key } }),
      );
    }
    case "stack": {
      const at = { params: { path: { ...params.path, number: post.batch, stack_id: post.stackId } } };
      const stack = "/api/projects/{slug}/batches/{number}/stacks/{stack_id}";
      if (post.verdict === "name") return unwrap(api.POST(`${stack}/name`, { ...at, body: { ...post.body, key } }));
      return unwrap(api.POST(`${stack}/${post.verdict}`, { ...at, body: { ...post.body, key } }));
    }
    case "confirm":
      return unwrap(api.POST("/api/projects/{slug}/validate/confirm", { params, body: { ...post.body, key } }));
    case "unconfirm":
    case "unstack":
      return unwrap(
        api.POST("/api/projects/{slug}/validate/retract", { params, body: { ...post.body, client: tabName } }),
      );
  }
}

export const outbox = new Outbox({
  send,
  passing: (error) => error instanceof ApiError && error.passing,
  storage: localStorage,
  // Two frames: starting a request takes several milliseconds of the one the next item is painted in.
  soon: (run) => window.setTimeout(run, 40),
  later: (run, milliseconds) => window.setTimeout(run, milliseconds),
});

outbox.retry();
window.addEventListener("online", () => outbox.retry());
window.addEventListener("focus", () => outbox.retry());
useConnection.subscribe((now, before) => {
  if (now.connection === "online" && before.connection !== "online") {
    outbox.retry();
  }
});

/** How many decisions the server does not have yet. */
export function useWaiting(): number {
  return useSyncExternalStore(
    (changed) => outbox.listen({ changed }),
    () => outbox.posts.length,
  );
}
