// The import of a project while it runs and after: images as they arrive, how fast, what was left out and why, and more data.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, unwrap, type Wire } from "../../api/client";
import { importQuery, useProject } from "../../api/queries";
import { counted } from "../../model/figures";
import { importSaid, pace, running, sourceSaid } from "../../model/importing";
import { Button } from "../../parts/Button";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorNote } from "../../parts/ErrorNote";
import { ProgressBar } from "../../parts/ProgressBar";
import { Thumb } from "../../parts/Thumb";
import { AddMore } from "./AddMore";
import { LeftOut } from "./LeftOut";
import "../Projects/projects.css";
import "./import.css";

export function Import({ slug }: { slug: string }) {
  const project = useProject(slug);
  // Events tell of changes, but speed and time left move between them.
  const view = useQuery({
    ...importQuery(slug),
    refetchInterval: (query) => (running(query.state.data?.job ?? null) ? 1000 : false),
  });
  const error = project.error ?? view.error;
  const items = project.data?.counts.items ?? 0;
  const job = view.data?.job ?? null;

  return (
    <div className="page">
      <div className="row">
        <h1>Import</h1>
        <span className="gap" />
        {items > 0 && (
          <Link className="button" data-look="primary" href={`/p/${slug}/annotate`}>
            Start labeling
          </Link>
        )}
      </div>
      {error && !view.data && (
        <ErrorNote
          error={error}
          retry={() => {
            void view.refetch();
            void project.refetch();
          }}
        />
      )}
      {view.data && <State slug={slug} view={view.data} />}
      {view.data && <Arrived slug={slug} view={view.data} items={items} />}
      {project.data && job && (
        <LeftOut
          slug={slug}
          duplicates={project.data.counts.duplicates}
          rejected={project.data.counts.rejected}
          through={job.state === "done"}
        />
      )}
      {view.data && (
        <AddMore
          slug={slug}
          busy={running(job)}
          first={job === null}
          trained={(project.data?.round ?? null) !== null}
        />
      )}
    </div>
  );
}

function State({ slug, view }: { slug: string; view: Wire["ImportView"] }) {
  const cache = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => unwrap(api.POST("/api/projects/{slug}/import/cancel", { params: { path: { slug } } })),
    onSettled: () => cache.invalidateQueries({ queryKey: ["project", slug] }),
  });
  const { job, rate } = view;
  const runs = running(job);
  return (
    <section className="card import-state" aria-label="State of the import" data-state={job?.state}>
      <div className="row">
        <p className="import-said number" role="status">
          {importSaid(job)}
        </p>
        {runs && (
          <Button onClick={() => cancel.mutate()} disabled={cancel.isPending}>
            Cancel the import
          </Button>
        )}
      </div>
      {runs && job && <ProgressBar label="Import" done={job.done} total={job.total} />}
      {runs && <p className="quiet number import-pace">{pace(job, rate)}</p>}
      {job?.message && <p className={job.state === "failed" ? "problem" : "quiet"}>{job.message}</p>}
      {job && <p className="quiet small import-source">From {sourceSaid(job)}</p>}
      {cancel.error && <ErrorNote error={cancel.error} />}
    </section>
  );
}

function Arrived({ slug, view, items }: { slug: string; view: Wire["ImportView"]; items: number }) {
  if (view.recent.length === 0) {
    return running(view.job) ? (
      <EmptyState title="The first images are on their way">
        <p>They appear here as soon as they have been read. Labeling can start before the import is through.</p>
      </EmptyState>
    ) : null;
  }
  return (
    <section className="stack" aria-label="Newest images">
      <h2>Newest of {counted(items, "image")}</h2>
      <ul className="arrived">
        {view.recent.map((id) => (
          <li key={id}>
            <Link href={`/p/${slug}/annotate/${id}`} aria-label={`Open image ${id}`}>
              <Thumb slug={slug} itemId={id} alt="" size={192} />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
