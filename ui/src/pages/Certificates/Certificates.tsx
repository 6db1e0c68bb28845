// Auto-labels: what the model may label by itself, what proves it, and how that proof stands.
import { Link } from "wouter";
import type { Wire } from "../../api/client";
import { useBatches, useCertificates, usePace, useProject } from "../../api/queries";
import { headlineOf, inOrder } from "../../model/certificates";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorNote } from "../../parts/ErrorNote";
import { CertificateCard } from "./CertificateCard";
import { Picture } from "./Picture";
import { StartCard } from "./StartCard";
import "./certificates.css";

export function Certificates({ slug }: { slug: string }) {
  const project = useProject(slug);
  const certificates = useCertificates(slug);
  const error = project.error ?? certificates.error;
  const ready = project.data && certificates.data;
  return (
    <div className="page" aria-busy={!ready && !error}>
      <h1 className="sr-only">Auto-labels</h1>
      {error && !ready && (
        <ErrorNote
          error={error}
          retry={() => {
            void project.refetch();
            void certificates.refetch();
          }}
        />
      )}
      {!ready && !error && <p className="quiet">Loading the certificates</p>}
      {ready && <Facts slug={slug} project={project.data} view={certificates.data} />}
    </div>
  );
}

interface Props {
  slug: string;
  project: Wire["ProjectView"];
  view: Wire["Certificates"];
}

function Facts({ slug, project, view }: Props) {
  const pace = usePace(slug);
  const batches = useBatches(slug).data?.batches ?? [];
  const { policy } = project.project;
  const { counts } = project;
  const all = inOrder(view.certificates);
  const off = policy.recognised === "off";
  return (
    <>
      {off && all.length === 0 ? (
        <Explained slug={slug} />
      ) : (
        <div className="stack">
          <p className="headline number">{headlineOf(all, counts.items)}</p>
          {counts.items > 0 && counts.pool === 0 && <Finished slug={slug} />}
        </div>
      )}
      <div className="certificates-top">
        <Picture slug={slug} project={project} view={view} secondsPerLabel={pace} />
        <StartCard slug={slug} policy={policy} view={view} secondsPerLabel={pace} />
      </div>
      {all.length > 0 && (
        <section className="stack" aria-labelledby="certificates-list">
          <h2 id="certificates-list">Certificates</h2>
          <ul className="certificates-list">
            {all.map((one) => (
              <CertificateCard
                key={one.number}
                slug={slug}
                certificate={one}
                batch={batches.find(({ job }) => job === one.batch)?.name}
              />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Explained({ slug }: { slug: string }) {
  return (
    <section className="card certificates-off">
      <EmptyState title="The model labels nothing by itself">
        <p>
          A certificate is a promise with a number on it, such as “at most 2% of these labels are wrong, 95% sure”. It
          rests on images drawn at random that people label without seeing what the model thinks, so it can be checked
          by anybody. The model's own confidence is no such promise: where it says 98%, it is often wrong far more than
          twice in a hundred.
        </p>
        <Link className="button" data-look="primary" href={`/p/${slug}/settings#settings-routes`}>
          Choose what becomes of recognised images
        </Link>
      </EmptyState>
    </section>
  );
}

function Finished({ slug }: { slug: string }) {
  return (
    <div className="row">
      <p>Every image has a label or is set aside. The audit goes on while there are auto-labels.</p>
      <Link className="button" href={`/p/${slug}/export`}>
        Export
      </Link>
    </div>
  );
}
