// The Triage page: the batches of new data as a timeline; of one, what is different, what is new, and what came of it.
import { useEffect } from "react";
import { Link } from "wouter";
import { useStore } from "zustand";
import type { Wire } from "../../api/client";
import { useBatch, useBatches, useProject } from "../../api/queries";
import { headline, lookOf, titleOf } from "../../model/batches";
import { count } from "../../model/figures";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorNote } from "../../parts/ErrorNote";
import { ProgressBar } from "../../parts/ProgressBar";
import { AlarmCard } from "./AlarmCard";
import { Asking } from "./Asking";
import { BatchMark } from "./BatchMark";
import { Questions } from "./Questions";
import { Report } from "./Report";
import { Stacks } from "./Stacks";
import { Timeline, when } from "./Timeline";
import { batchDesk } from "./triageOf";
import "./triage.css";
import "./stacks.css";

interface Props {
  slug: string;
  /** The batch in the URL, none for the newest. */
  number: number | null;
  /** Its questions, one by one. */
  asking?: boolean;
}

export function Triage({ slug, number, asking = false }: Props) {
  const project = useProject(slug);
  const batches = useBatches(slug);
  const error = project.error ?? batches.error;
  if (!project.data || !batches.data) {
    return (
      <div className="message" aria-busy={!error}>
        {error ? (
          <ErrorNote error={error} retry={() => void Promise.all([project.refetch(), batches.refetch()])} />
        ) : (
          <p className="quiet">Loading the batches</p>
        )}
      </div>
    );
  }
  const all = batches.data.batches;
  const batch = number === null ? all[0] : all.find((one) => one.number === number);
  if (all.length === 0) return <NoBatch slug={slug} project={project.data} />;
  if (!batch) return <NotThere slug={slug} number={number} />;
  if (asking && batch.state === "open") return <Asking slug={slug} project={project.data} batch={batch} />;
  return (
    <div className="page triage">
      <h1 className="sr-only">Triage</h1>
      <Timeline slug={slug} batches={all} current={batch.number} />
      <div className="triage-main">
        <Batch key={batch.number} slug={slug} project={project.data.project} batch={batch} />
      </div>
    </div>
  );
}

function NoBatch({ slug, project }: { slug: string; project: Wire["ProjectView"] }) {
  const trained = project.round !== null;
  return (
    <div className="page">
      <section className="card">
        <EmptyState title="No batch yet">
          <svg className="no-batch" viewBox="0 0 220 84" aria-hidden="true">
            <rect x="20" y="22" width="44" height="44" rx="4" transform="rotate(-9 42 44)" />
            <rect x="28" y="20" width="44" height="44" rx="4" />
            <path d="M92 42h30M112 32l11 10-11 10" />
            <rect x="146" y="20" width="44" height="44" rx="4" />
            <path d="M168 32v14M168 53v.5" />
          </svg>
          <p>
            A batch is what arrives once a model is trained: next week's photos, a new folder. It is compared with what
            is known, and only what is new in it is brought up here; the rest needs no look.
          </p>
          {trained ? (
            <>
              <p>Import more images to begin, on the Import page or from the command line:</p>
              <code className="no-batch-code">modicum import FOLDER --project {slug} --batch "Week 1"</code>
            </>
          ) : (
            <p>This project has no model yet. It trains after the first labels; the next import is the first batch.</p>
          )}
          <Link className="button" data-look="primary" href={`/p/${slug}/${trained ? "import" : "annotate"}`}>
            {trained ? "Import more images" : "Label the first images"}
          </Link>
        </EmptyState>
      </section>
    </div>
  );
}

function NotThere({ slug, number }: { slug: string; number: number | null }) {
  return (
    <EmptyState title="There is no such batch">
      <p>This project has no batch {number}. The address may be mistyped.</p>
      <Link className="button" data-look="primary" href={`/p/${slug}/triage`}>
        To the newest batch
      </Link>
    </EmptyState>
  );
}

interface BatchProps {
  slug: string;
  project: Wire["Project"];
  batch: Wire["BatchView"];
}

function Batch({ slug, project, batch }: BatchProps) {
  const detail = useBatch(slug, batch.number);
  const { triage } = batchDesk(slug, batch.number);
  const left = useStore(triage.store, (state) => state.stacks?.length ?? 0);
  const stacks = detail.data?.stacks;
  useEffect(() => {
    if (stacks) triage.merge(stacks);
  }, [triage, stacks]);
  const { classes } = project.task_schema;
  const name = (classId: number) => classes[classId]?.name ?? `class ${classId}`;
  const { state, alarm } = batch;
  return (
    <>
      <header className="batch-head">
        <p className="batch-state">
          <BatchMark look={lookOf(batch)} />
          <span>{titleOf(batch)}</span>
          <span className="quiet">
            <bdi>{batch.name}</bdi>, {when(batch.created)}, from <bdi className="batch-source">{batch.source}</bdi>
          </span>
        </p>
        <p className="batch-headline number">{headline(batch)}</p>
      </header>
      {state === "arriving" && <ProgressBar label={`${count(batch.items)} images so far`} done={0} total={0} />}
      {detail.error && !detail.data && <ErrorNote error={detail.error} retry={() => void detail.refetch()} />}
      {!detail.data && !detail.error && <p className="quiet">Loading the batch</p>}
      {detail.data?.report && (
        <Report slug={slug} report={detail.data.report} job={batch.job} policy={project.policy} name={name} />
      )}
      {alarm && <AlarmCard slug={slug} alarm={alarm} />}
      {state === "open" && <Questions slug={slug} batch={batch} stacks={left} />}
      {state === "open" && detail.data && (
        <Stacks
          slug={slug}
          batch={batch}
          classes={classes}
          triage={triage}
          named={detail.data.stacks.filter((one) => one.named !== null)}
        />
      )}
    </>
  );
}
