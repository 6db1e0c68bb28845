// The Annotate page: the queue of the project on the desk, one item, one key, the next item.
import { useMemo } from "react";
import { useStore } from "zustand";
import type { Wire } from "../../api/client";
import { useProject } from "../../api/queries";
import { currentCard } from "../../model/session";
import { ErrorNote } from "../../parts/ErrorNote";
import { Workbench } from "../Workbench/Workbench";
import { Desk } from "./Desk";
import { useItemUrl, useNews } from "./hooks";
import { NoItem } from "./States";
import { sessionOf } from "./sessions";

interface Props {
  slug: string;
  /** The item in the URL, none for "whatever comes next". */
  item: number | null;
}

export function Annotate({ slug, item }: Props) {
  const project = useProject(slug);
  if (project.error && !project.data) {
    return (
      <div className="message">
        <ErrorNote error={project.error} retry={() => void project.refetch()} />
      </div>
    );
  }
  return project.data ? (
    <Queue slug={slug} item={item} project={project.data} />
  ) : (
    <p className="message quiet">Loading the project</p>
  );
}

function Queue({ slug, item, project }: Props & { project: Wire["ProjectView"] }) {
  const session = useMemo(() => sessionOf(slug), [slug]);
  const state = useStore(session.store);
  const itemId = currentCard(state)?.item.id ?? null;
  useItemUrl(slug, item, itemId, session.open.bind(session), state.left !== null);
  useNews(slug, session.refill.bind(session), state.queue.length === 0 && (state.left ?? 1) > 0);
  const nothing = <NoItem slug={slug} project={project} state={state} retry={() => void session.refill()} />;
  const parts = { slug, project, session, nothing };
  return project.project.task_schema.task === "draw" ? <Workbench {...parts} /> : <Desk {...parts} title="Annotate" />;
}
