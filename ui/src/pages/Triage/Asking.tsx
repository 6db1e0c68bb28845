// The questions about a batch, one by one, on the same desk as Annotate: same keys, no suggestions, the way back to the stacks.
import { useEffect } from "react";
import { Link } from "wouter";
import { useStore } from "zustand";
import type { Wire } from "../../api/client";
import { useBatch } from "../../api/queries";
import { adviceOf, progressSaid } from "../../model/batches";
import type { SessionState } from "../../model/session";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorNote } from "../../parts/ErrorNote";
import { ProgressBar } from "../../parts/ProgressBar";
import { Desk } from "../Annotate/Desk";
import { useNews } from "../Annotate/hooks";
import { batchDesk } from "./triageOf";

interface Props {
  slug: string;
  project: Wire["ProjectView"];
  batch: Wire["BatchView"];
}

export function Asking({ slug, project, batch }: Props) {
  const { session } = batchDesk(slug, batch.number);
  const state = useStore(session.store);
  useEffect(() => void session.open(null), [session]);
  useNews(slug, session.refill.bind(session), state.queue.length === 0 && (state.left ?? 1) > 0);
  const stacks = useStacksLeft(slug, batch.number);
  const advice = adviceOf(batch, stacks);
  return (
    <div className="asking">
      <header className="asking-bar">
        <Link className="button" href={`/p/${slug}/triage/${batch.number}`}>
          <span aria-hidden="true">←</span> Stacks of <bdi className="asking-name">{batch.name}</bdi>
        </Link>
        <div className="asking-progress">
          <p className="number" role="status">
            {progressSaid(batch)}
            {advice.what === "stop" && <strong>. Further questions will hardly find anything new.</strong>}
          </p>
          <ProgressBar label="Questions asked of the budget" done={batch.asked} total={batch.budget} />
        </div>
      </header>
      <Desk
        slug={slug}
        project={project}
        session={session}
        title={`Questions about ${batch.name}`}
        nothing={
          <NoQuestion
            slug={slug}
            batch={batch}
            words={advice.words}
            state={state}
            retry={() => void session.refill()}
          />
        }
      />
    </div>
  );
}

function useStacksLeft(slug: string, number: number): number {
  return useBatch(slug, number).data?.stacks.filter((one) => one.named === null).length ?? 0;
}

interface NoProps {
  slug: string;
  batch: Wire["BatchView"];
  words: string;
  state: SessionState;
  retry: () => void;
}

function NoQuestion({ slug, batch, words, state, retry }: NoProps) {
  if (state.claimError) {
    return (
      <div className="message">
        <ErrorNote error={state.claimError} retry={retry} />
      </div>
    );
  }
  if (state.left === null || (state.left > 0 && !state.budgetSpent)) {
    return (
      <EmptyState title="One moment">
        <p>The next question is being chosen from what was answered.</p>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No question is left">
      <p>{words}</p>
      <Link className="button" data-look="primary" href={`/p/${slug}/triage/${batch.number}`}>
        To the stacks
      </Link>
    </EmptyState>
  );
}
