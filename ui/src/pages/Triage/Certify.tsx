// The known items of a batch, certified by themselves: random ones of this batch, labeled blind, prove what the model may label.
import { useId } from "react";
import { Link } from "wouter";
import type { Wire } from "../../api/client";
import { useCertificates, usePace } from "../../api/queries";
import { useBegin } from "../../api/useBegin";
import { inOrder, lookOf, nameOf, saidOf, startingBatch, titleOf } from "../../model/certificates";
import { Button } from "../../parts/Button";
import { ErrorNote } from "../../parts/ErrorNote";
import { StateMark } from "../../parts/StateMark";

interface Props {
  slug: string;
  /** The import it came with, which is what certificates call a batch. */
  job: number;
  policy: Wire["Policy"];
}

export function Certify({ slug, job, policy }: Props) {
  const id = useId();
  const view = useCertificates(slug, job);
  const pace = usePace(slug);
  const begin = useBegin(slug);
  if (!view.data) {
    return view.error ? <ErrorNote error={view.error} retry={() => void view.refetch()} /> : null;
  }
  const own = inOrder(view.data.certificates.filter((one) => one.batch === job));
  const live = own.some(({ state }) => state === "issued" || state === "drawing");
  const start = startingBatch(view.data, policy, pace);
  return (
    <section className="certify" aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`}>Certify this batch</h3>
      {own.length > 0 && (
        <ul className="certify-list">
          {own.map((one) => (
            <li key={one.number}>
              <StateMark look={lookOf(one)} />
              <p className="number">
                <Link href={`/p/${slug}/certificates`}>
                  {nameOf(one)}, {titleOf(one).toLowerCase()}
                </Link>
                : {saidOf(one)}{" "}
                {one.state === "drawing" && <Link href={`/p/${slug}/annotate`}>Label them on Annotate</Link>}
              </p>
            </li>
          ))}
        </ul>
      )}
      {!live && (
        <div className="row">
          <p id={`${id}-why`}>
            What is true of the other images need not be true of these. Random images of this batch, labeled without a
            suggestion, prove what the model may label in it.{" "}
            <span className="quiet">{start.reason ?? start.forecast}</span>{" "}
            {policy.recognised === "off" && <Link href={`/p/${slug}/settings#settings-routes`}>To Settings</Link>}
          </p>
          <Button
            look="primary"
            disabled={start.reason !== null || begin.isPending}
            aria-describedby={`${id}-why`}
            onClick={() => begin.mutate({ batch: job })}
          >
            {start.label}
          </Button>
        </div>
      )}
      {begin.error && <ErrorNote error={begin.error} />}
    </section>
  );
}
