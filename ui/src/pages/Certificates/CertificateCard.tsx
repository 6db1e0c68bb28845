// One certificate: how it stands, what it rests on, the audit against it, and the way to check or end it.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link } from "wouter";
import { api, unwrap, type Wire } from "../../api/client";
import { handOver } from "../../api/download";
import {
  auditSaid,
  evidenceSaid,
  hasFacts,
  lookOf,
  nameOf,
  nextSaid,
  QUARANTINE,
  saidOf,
  sofarTitle,
  titleOf,
  withdrawSaid,
} from "../../model/certificates";
import { count, counted } from "../../model/figures";
import { share } from "../../model/wish";
import { Button } from "../../parts/Button";
import { ErrorNote } from "../../parts/ErrorNote";
import { ProgressBar } from "../../parts/ProgressBar";
import { StateMark } from "../../parts/StateMark";

interface Props {
  slug: string;
  certificate: Wire["CertificateView"];
  /** What the batch is called that it speaks of, if it speaks of one. */
  batch?: string | undefined;
}

export function CertificateCard({ slug, certificate, batch }: Props) {
  const { number, state, quarantined, reason } = certificate;
  const look = lookOf(certificate);
  const live = state === "issued" || state === "drawing";
  return (
    <li>
      <article className="card certificate" data-look={look} aria-labelledby={`certificate-${number}`}>
        <header className="row">
          <StateMark look={look} />
          <h3 id={`certificate-${number}`}>
            {nameOf(certificate)} <span className="certificate-state">{titleOf(certificate)}</span>
          </h3>
          <span className="gap" />
          <span className="quiet small">{when(certificate)}</span>
        </header>
        <p className="certificate-said number">{saidOf(certificate)}</p>
        {look === "quarantined" && (
          <p className="caution">
            <strong>Quarantined.</strong> {QUARANTINE} {reason}
          </p>
        )}
        {look === "uncertified" && (
          <p className="caution">
            <strong>Not certified.</strong> A raw confidence is what the model thinks of itself. These labels are marked
            as not certified in every export.
          </p>
        )}
        {quarantined && look !== "quarantined" && <p className="quiet">It was quarantined before.</p>}
        {state === "drawing" ? (
          <Drawing slug={slug} certificate={certificate} />
        ) : (
          <Rests certificate={certificate} name={batch} />
        )}
        {state === "issued" && certificate.certified && <Audit {...certificate} />}
        <footer className="row">
          {hasFacts(certificate) && <Facts slug={slug} number={number} />}
          {live && <Withdraw slug={slug} certificate={certificate} />}
        </footer>
      </article>
    </li>
  );
}

function Drawing({ slug, certificate }: { slug: string; certificate: Wire["CertificateView"] }) {
  const { calibration: drawn, sofar } = certificate;
  return (
    <div className="stack">
      <ProgressBar label="Random images answered" done={drawn.answered} total={drawn.planned} />
      <p>
        <Link href={`/p/${slug}/annotate`}>Label them on Annotate</Link>{" "}
        <span className="quiet">They come among the others, without a suggestion.</span>
      </p>
      {sofar && <SoFar slug={slug} certificate={certificate} sofar={sofar} />}
    </div>
  );
}

interface SoFarProps {
  slug: string;
  certificate: Wire["CertificateView"];
  sofar: Wire["SoFar"];
}

/** What the labels prove already, and the way to stop there. */
function SoFar({ slug, certificate, sofar }: SoFarProps) {
  const cache = useQueryClient();
  const { number } = certificate;
  const issue = useMutation({
    mutationFn: () =>
      unwrap(api.POST("/api/projects/{slug}/certificates/{number}/issue", { params: { path: { slug, number } } })),
    onSettled: () => cache.invalidateQueries({ queryKey: ["project", slug] }),
  });
  return (
    <div className="evidence sofar">
      <p className="quiet">You may look at this as often as you like, and stop when it is enough.</p>
      <p className="number" role="status">
        <strong>{sofarTitle(certificate, sofar)}</strong> {sofar.said}
      </p>
      <div className="evidence-bar" data-good aria-hidden="true">
        <span style={{ width: `${sofar.evidence * 100}%` }} />
      </div>
      <p className="quiet small number">{nextSaid(sofar)}</p>
      {sofar.covered > 0 && (
        <div className="row">
          <Button look="primary" disabled={issue.isPending} onClick={() => issue.mutate()}>
            Issue it for {counted(sofar.covered, "image")}
          </Button>
          <span className="quiet">Or go on labeling: it may come to cover more.</span>
        </div>
      )}
      {issue.error && <ErrorNote error={issue.error} />}
    </div>
  );
}

function Rests({ certificate, name }: { certificate: Wire["CertificateView"]; name?: string | undefined }) {
  const { certified, population, covered, standing, threshold, calibration, round, batch, state, method } = certificate;
  const facts: [string, ReactNode][] = [];
  // Only what was issued covers anything.
  if (threshold !== null)
    facts.push(
      ["Covers", `${count(covered)} of ${counted(population, "image")}`],
      ["From", `${share(threshold)} confidence, model ${round}`],
    );
  if (certified)
    facts.push(["Rests on", `${counted(calibration.answered, "random image")}, ${count(calibration.wrong)} wrong`]);
  if (state === "issued") facts.push(["Stands today", counted(standing, "image")]);
  if (certified && method === "anytime") facts.push(["Looked at", "after any label, as the method allows"]);
  if (batch !== null) facts.push(["Of", <bdi key="of">{name ?? `import ${batch}`} only</bdi>]);
  return (
    <dl className="certificate-facts number">
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt className="quiet small">{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Audit(certificate: Wire["CertificateView"]) {
  const { evidence } = certificate;
  const value = Math.max(0, Math.min(1, evidence));
  return (
    <div className="evidence">
      <p className="number">
        {auditSaid(certificate)} <span className="quiet">{evidenceSaid(evidence)}</span>
      </p>
      <div className="evidence-bar" aria-hidden="true">
        <span style={{ width: `${value * 100}%` }} />
      </div>
      <div className="row quiet small" aria-hidden="true">
        <span>none</span>
        <span className="gap" />
        <span>revoked</span>
      </div>
    </div>
  );
}

function Facts({ slug, number }: { slug: string; number: number }) {
  const file = `${slug}-certificate-${number}.json`;
  const download = useMutation({
    mutationFn: async () => {
      // As text: what is verified is what the server wrote, to the last digit.
      const text = await unwrap(
        api.GET("/api/projects/{slug}/certificates/{number}/facts", {
          params: { path: { slug, number } },
          parseAs: "text",
        }),
      );
      handOver(new Blob([text as string], { type: "application/json" }), file);
    },
  });
  return (
    <>
      <Button disabled={download.isPending} onClick={() => download.mutate()}>
        Download facts
      </Button>
      <span className="quiet">
        Check it yourself: <code>modicum verify {file}</code>
      </span>
      {download.error && <ErrorNote error={download.error} />}
    </>
  );
}

function Withdraw({ slug, certificate }: Props) {
  const [asking, setAsking] = useState(false);
  const cache = useQueryClient();
  const { number } = certificate;
  const name = nameOf(certificate).toLowerCase();
  const withdraw = useMutation({
    mutationFn: () =>
      unwrap(api.POST("/api/projects/{slug}/certificates/{number}/withdraw", { params: { path: { slug, number } } })),
    onSuccess: () => setAsking(false),
    onSettled: () => cache.invalidateQueries({ queryKey: ["project", slug] }),
  });
  if (!asking)
    return (
      <>
        <span className="gap" />
        <Button look="plain" aria-label={`Withdraw ${name}`} onClick={() => setAsking(true)}>
          Withdraw
        </Button>
      </>
    );
  return (
    <section className="certificate-ask" aria-label={`Withdraw ${name}?`}>
      <p>{withdrawSaid(certificate)}</p>
      <div className="row">
        <Button autoFocus onClick={() => setAsking(false)}>
          Keep it
        </Button>
        <Button look="danger" disabled={withdraw.isPending} onClick={() => withdraw.mutate()}>
          Withdraw {name}
        </Button>
      </div>
      {withdraw.error && <ErrorNote error={withdraw.error} />}
    </section>
  );
}

const clock = new Intl.DateTimeFormat("en", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});

function when({ state, created, decided, ended }: Wire["CertificateView"]): string {
  if (ended !== null) return `ended ${clock.format(new Date(ended))}`;
  if (decided !== null) return `${state} ${clock.format(new Date(decided))}`;
  return `since ${clock.format(new Date(created))}`;
}
