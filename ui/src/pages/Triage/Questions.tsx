// How far the questions about a batch are, whether more of them pay, and the end of the triage.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, unwrap, type Wire } from "../../api/client";
import { batchesQuery } from "../../api/queries";
import { keyOf, printed } from "../../model/actions";
import { adviceOf, progressSaid } from "../../model/batches";
import { count, counted } from "../../model/figures";
import { Button } from "../../parts/Button";
import { ErrorNote } from "../../parts/ErrorNote";
import { Kbd } from "../../parts/Kbd";
import { ProgressBar } from "../../parts/ProgressBar";

interface Props {
  slug: string;
  batch: Wire["BatchView"];
  /** Stacks nobody has decided on yet. */
  stacks: number;
}

export function Questions({ slug, batch, stacks }: Props) {
  const advice = adviceOf(batch, stacks);
  const asking = `/p/${slug}/triage/${batch.number}/ask`;
  return (
    <section className="card questions" aria-labelledby="questions" data-advice={advice.what}>
      <h2 id="questions">Questions</h2>
      <p className="headline number">{progressSaid(batch)}</p>
      <ProgressBar label="Questions asked of the budget" done={batch.asked} total={batch.budget} />
      <p className="number">
        {advice.what === "stop" && <strong>Time to stop. </strong>}
        {advice.words}{" "}
        {batch.saved > 0 && (
          <span className="quiet">{counted(batch.saved, "image")} were not asked about one by one so far.</span>
        )}
      </p>
      <div className="row">
        <Link className="button" data-look={advice.what === "go" ? "primary" : undefined} href={asking}>
          {batch.asked === 0 ? "Answer the first questions" : "Go on with the questions"}
          <Kbd>{printed(keyOf("triage", "questions"))}</Kbd>
        </Link>
        <Finish
          slug={slug}
          batch={batch}
          stacks={stacks}
          look={advice.what === "go" || stacks > 0 ? "normal" : "primary"}
        />
      </div>
    </section>
  );
}

interface FinishProps extends Props {
  look: "primary" | "normal";
}

function Finish({ slug, batch, stacks, look }: FinishProps) {
  const [asking, setAsking] = useState(false);
  const cache = useQueryClient();
  const finish = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/projects/{slug}/batches/{number}/finish", { params: { path: { slug, number: batch.number } } }),
      ),
    onSuccess: async () => {
      setAsking(false);
      await cache.invalidateQueries({ queryKey: batchesQuery(slug).queryKey });
    },
  });
  const run = () => finish.mutate();
  return (
    <>
      {!asking && (
        <Button look={look} disabled={finish.isPending} onClick={stacks > 0 ? () => setAsking(true) : run}>
          Finish the batch
        </Button>
      )}
      {asking && (
        <section className="questions-ask" aria-label="Finish the batch?">
          <p>
            {stacks === 1 ? "One stack has" : `${count(stacks)} stacks have`} no name yet. Their images stay unlabeled
            and come up on Annotate like any others.
          </p>
          <div className="row">
            <Button autoFocus onClick={() => setAsking(false)}>
              Go on
            </Button>
            <Button look="primary" disabled={finish.isPending} onClick={run}>
              Finish all the same
            </Button>
          </div>
        </section>
      )}
      {finish.error && <ErrorNote error={finish.error} />}
    </>
  );
}
