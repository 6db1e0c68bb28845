// The wish, what becomes of what it covers, and the button that draws random images for a certificate.
import { useId, useState } from "react";
import { Link } from "wouter";
import type { Wire } from "../../api/client";
import { useBegin } from "../../api/useBegin";
import { offersAnytime, starting } from "../../model/certificates";
import { recognisedChoice } from "../../model/policy";
import { share, wishSaid } from "../../model/wish";
import { Button } from "../../parts/Button";
import { ErrorNote } from "../../parts/ErrorNote";

interface Props {
  slug: string;
  policy: Wire["Policy"];
  view: Wire["Certificates"];
  secondsPerLabel: number | null;
}

export function StartCard({ slug, policy, view, secondsPerLabel }: Props) {
  const id = useId();
  const begin = useBegin(slug);
  const [anytime, setAnytime] = useState(false);
  // Only the errors among the auto-labels can be looked at any time.
  const method = anytime && offersAnytime(policy) ? "anytime" : "fixed";
  const start = starting(view, policy, secondsPerLabel);
  const recognised = recognisedChoice(policy.recognised);
  const raw = policy.auto_threshold ?? null;
  return (
    <section className="card certificates-start" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>The wish</h2>
      <p className="certificates-wish number">
        {raw === null ? wishSaid(policy) : `None: everything from ${share(raw)} confidence on, not certified`}
      </p>
      <dl>
        <dt className="quiet">Recognised images</dt>
        <dd>
          <strong>{recognised.title}</strong>
          <span className="quiet small tick-hint">{recognised.explanation}</span>
        </dd>
        <dt className="quiet">Audited for ever</dt>
        <dd className="number">{share(policy.audit_rate)} of the auto-labels</dd>
      </dl>
      <Link href={`/p/${slug}/settings#settings-routes`}>Change in Settings</Link>
      {offersAnytime(policy) && (
        <fieldset className="certificates-method">
          <legend className="quiet">It is decided</legend>
          <label className="tick">
            <input type="radio" name={`${id}-method`} checked={method === "fixed"} onChange={() => setAnytime(false)} />
            <span>
              When the last one is labeled
              <span className="quiet small tick-hint">Takes the fewest labels. Nothing can be told before.</span>
            </span>
          </label>
          <label className="tick">
            <input
              type="radio"
              name={`${id}-method`}
              checked={method === "anytime"}
              onChange={() => setAnytime(true)}
            />
            <span>
              When you like
              <span className="quiet small tick-hint">
                What is proven can be looked at after every label, and issued as it stands. Takes more labels.
              </span>
            </span>
          </label>
        </fieldset>
      )}
      <div className="stack certificates-go">
        <Button
          look="primary"
          disabled={start.reason !== null || begin.isPending}
          aria-describedby={`${id}-why`}
          onClick={() => begin.mutate({ method })}
        >
          {start.label}
        </Button>
        <p id={`${id}-why`} className="quiet small">
          {start.reason ?? start.forecast}
        </p>
        {start.reason === null && view.hint && <p className="quiet small">{view.hint}</p>}
        {begin.error && <ErrorNote error={begin.error} />}
      </div>
    </section>
  );
}
