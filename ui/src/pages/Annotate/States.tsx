// What Annotate shows when there is no item to decide on: loading, import running, nothing there, waiting, finished.
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import type { Wire } from "../../api/client";
import { progressQuery, validateQuery } from "../../api/queries";
import { spentSaid } from "../../model/bill";
import { count, counted, countRange, points, withRange } from "../../model/figures";
import type { SessionState } from "../../model/session";
import { readyCount } from "../../model/validation";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorNote } from "../../parts/ErrorNote";

interface Props {
  slug: string;
  project: Wire["ProjectView"];
  state: SessionState;
  retry: () => void;
}

export function NoItem({ slug, project, state, retry }: Props) {
  const { counts, job } = project;
  if (state.claimError) {
    return (
      <div className="message">
        <ErrorNote error={state.claimError} retry={retry} />
      </div>
    );
  }
  if (counts.items === 0) {
    return <NothingYet slug={slug} job={job} />;
  }
  if (state.left === null) {
    return (
      <EmptyState title="One moment">
        <p>The first images are on their way.</p>
      </EmptyState>
    );
  }
  if (state.left > 0 && !state.budgetSpent) {
    return (
      <EmptyState title={project.training ? "The next round is being prepared" : "The rest is with somebody else"}>
        <p>{counted(state.left, "image")} can still be labeled. The next one appears here by itself.</p>
      </EmptyState>
    );
  }
  return <Finished slug={slug} project={project} budgetSpent={state.budgetSpent} />;
}

function NothingYet({ slug, job }: { slug: string; job: Wire["Job"] | null }) {
  if (job && (job.state === "running" || job.state === "queued")) {
    return (
      <EmptyState title="The import is running">
        <p>
          {job.total > 0 ? `${count(job.done)} of ${count(job.total)} files so far. ` : ""}The first image appears here
          as soon as it is in.
        </p>
        <Link className="button" href={`/p/${slug}/import`}>
          Watch the import
        </Link>
      </EmptyState>
    );
  }
  const failed = job?.state === "failed";
  return (
    <EmptyState title={failed ? "The import stopped" : "No images yet"}>
      <p>{failed ? job.message : "Import a folder, a zip or a table of images to begin."}</p>
      <Link className="button" data-look="primary" href={`/p/${slug}/import`}>
        {failed ? "See what happened" : "Import images"}
      </Link>
    </EmptyState>
  );
}

function Finished({
  slug,
  project,
  budgetSpent,
}: {
  slug: string;
  project: Wire["ProjectView"];
  budgetSpent: SessionState["budgetSpent"];
}) {
  const progress = useQuery(progressQuery(slug));
  const validate = useQuery(validateQuery(slug));
  const { counts, round } = project;
  const { policy } = project.project;
  const ready = validate.data ? readyCount(validate.data, policy.validate_above) : 0;
  const saving = progress.data?.saving;
  const forecast = progress.data?.forecast;
  return (
    <EmptyState title={budgetSpent ? spentSaid(budgetSpent, policy) : "Everything is labeled"}>
      <dl className="finished">
        <div>
          <dt>Labeled by people</dt>
          <dd className="number">{count(counts.human)}</dd>
        </div>
        {round?.accuracy && (
          <div>
            <dt>The model is right in</dt>
            <dd className="number">{withRange(round.accuracy)}</dd>
          </div>
        )}
        {budgetSpent && forecast?.gain && (
          <div>
            <dt>{counted(forecast.more, "more label")} would bring</dt>
            <dd className="number">
              {points(forecast.gain).mean} ({points(forecast.gain).range})
            </dd>
          </div>
        )}
        {saving?.random_labels && (
          <div>
            <dt>In random order it would have taken</dt>
            <dd className="number">{countRange(saving.random_labels)} labels</dd>
          </div>
        )}
      </dl>
      <div className="row">
        {ready > 0 && (
          <Link className="button" data-look="primary" href={`/p/${slug}/validate`}>
            Validate {count(ready)}
          </Link>
        )}
        <Link className="button" href={`/p/${slug}/export`}>
          Export
        </Link>
        {budgetSpent && (
          <Link className="button" href={`/p/${slug}/settings`}>
            Raise the budget
          </Link>
        )}
        <Link className="button" href={`/p/${slug}/progress`}>
          See the progress
        </Link>
        <Link className="button" href={`/p/${slug}/bill`}>
          See the bill
        </Link>
      </div>
    </EmptyState>
  );
}
