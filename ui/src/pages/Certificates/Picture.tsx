// The picture of coverage against error, and what the point that is moved along it would cost.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { api, unwrap, type Wire } from "../../api/client";
import { CoverageCurve } from "../../charts/CoverageCurve";
import { Figure } from "../../charts/Figure";
import {
  costOf,
  costSaid,
  coverageTable,
  type Point,
  placeOf,
  pointSaid,
  strictestFirst,
} from "../../model/certificates";
import { share } from "../../model/wish";
import { Button } from "../../parts/Button";
import { ErrorNote } from "../../parts/ErrorNote";

interface Props {
  slug: string;
  project: Wire["ProjectView"];
  view: Wire["Certificates"];
  secondsPerLabel: number | null;
}

export function Picture(props: Props) {
  const curve = useMemo(() => strictestFirst(props.view.curve), [props.view.curve]);
  if (curve.length === 0)
    return <NotMeasured slug={props.slug} hint={props.view.hint} items={props.project.counts.items} />;
  return (
    <Figure title="Coverage against error" table={coverageTable(curve)}>
      <Moved {...props} curve={curve} />
    </Figure>
  );
}

function Moved({ slug, project, view, secondsPerLabel, curve }: Props & { curve: readonly Point[] }) {
  const { policy } = project.project;
  const { operating } = view;
  // Kept as a coverage: the curve is measured anew with every round.
  const [coverage, setCoverage] = useState<number | null>(null);
  const at = placeOf(curve, coverage ?? operating?.coverage ?? 0.5);
  const point = curve[at];
  const set = useSetError(slug, project, () => setCoverage(null));
  if (!point) return null;
  const cost = costOf(point, view, policy);
  const said = [pointSaid(point, policy.recognised), costSaid(cost, secondsPerLabel)];
  const same = cost.error === policy.auto_error;
  return (
    <>
      <CoverageCurve
        curve={curve}
        operating={operating}
        wish={policy}
        at={at}
        said={said.join(" ")}
        onMove={(to) => setCoverage(curve[to]?.coverage ?? null)}
      />
      <div className="point-said number">
        <p>{said[0]}</p>
        <p>{said[1]}</p>
        <div className="row">
          {cost.labels !== null && !same && (
            <Button disabled={set.isPending} onClick={() => set.mutate(cost.error)}>
              Use {share(cost.error)} in Settings
            </Button>
          )}
          {same && <span className="quiet">{share(policy.auto_error)} is the wish in Settings.</span>}
          {coverage !== null && operating && point.items !== operating.items && (
            <Button look="plain" onClick={() => setCoverage(null)}>
              Back to where the wish leads
            </Button>
          )}
          {coverage === null && (
            <span className="quiet">Drag the point, or use the arrow keys, to see what else would cost.</span>
          )}
        </div>
        {set.error && <ErrorNote error={set.error} />}
      </div>
    </>
  );
}

/** Sets policy.auto_error. */
function useSetError(slug: string, project: Wire["ProjectView"], then: () => void) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (error: number) => {
      const now = cache.getQueryData<Wire["ProjectView"]>(["project", slug]) ?? project;
      return unwrap(
        api.PATCH("/api/projects/{slug}", {
          params: { path: { slug } },
          body: { policy: { ...now.project.policy, auto_error: error } },
        }),
      );
    },
    onSuccess: async (saved) => {
      await cache.invalidateQueries({ queryKey: ["project", slug, "certificates"] });
      cache.setQueryData(["project", slug], saved);
      then();
    },
  });
}

function NotMeasured({ slug, hint, items }: { slug: string; hint: string; items: number }) {
  return (
    <section className="card no-coverage">
      <svg viewBox="0 0 320 120" aria-hidden="true">
        <path className="no-coverage-axis" d="M20 8v96h292" />
        <path className="no-coverage-band" d="M30 88C120 86 210 78 300 30V58C220 92 130 98 30 100z" />
        <path className="no-coverage-line" d="M30 96C120 94 220 86 300 46" />
      </svg>
      <h2>Nothing is measured yet</h2>
      <p className="quiet">
        {hint || "How much the model could label, and how much of that would be wrong, is measured on held-out images."}
      </p>
      <Link className="button" href={items > 0 ? `/p/${slug}/annotate` : `/p/${slug}/import`}>
        {items > 0 ? "Label images" : "Import images"}
      </Link>
    </section>
  );
}
