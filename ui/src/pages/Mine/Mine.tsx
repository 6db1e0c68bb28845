// The annotator's own page: what was done, and kindly, how far suggestions pull. It compares nobody with anybody.
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Wire } from "../../api/client";
import { useMine, useProject } from "../../api/queries";
import { alone, headline, overlooked, rates, type Share, shares, soFar } from "../../model/mine";
import { ErrorNote } from "../../parts/ErrorNote";
import { Shares } from "./Shares";
import "./mine.css";

const WANTED = 40;

export function Mine({ slug }: { slug: string }) {
  const project = useProject(slug);
  const mine = useMine(slug);
  const error = project.error ?? mine.error;
  const ready = project.data && mine.data;
  return (
    <div className="page" aria-busy={!ready && !error}>
      <h1 className="sr-only">You</h1>
      {error && !ready && (
        <ErrorNote error={error} retry={() => void Promise.all([project.refetch(), mine.refetch()])} />
      )}
      {!ready && !error && <p className="quiet">Loading your figures</p>}
      {ready && <Own slug={slug} policy={project.data.project.policy} mine={mine.data} />}
    </div>
  );
}

interface Props {
  slug: string;
  policy: Wire["Policy"];
  mine: Wire["Mine"];
}

function Own({ slug, policy, mine }: Props) {
  const { own, everyone } = mine;
  return (
    <>
      <p className="headline number">{headline(mine)}</p>
      <div className="mine-pair">
        <Card title="Suggestions" said={own.suggestions_said} drawn={shares(own)}>
          <Waiting measuring={mine.measuring} slug={slug}>
            <p>
              Whether suggestions pull you can be told from about {WANTED} questions of each kind. Nothing is expected
              of you: answer as always.
            </p>
            <ul className="quiet">
              <li>with a planted suggestion: {soFar(own.seeded, WANTED)}</li>
              <li>without any suggestion: {soFar(own.blind, WANTED)}</li>
            </ul>
          </Waiting>
        </Card>
        <Card title="Pages" said={own.pages_said} drawn={overlooked(own)}>
          <Waiting measuring={mine.measuring} slug={slug}>
            <p>How easily a wrong image slips through on Validate can be told from about {WANTED} planted ones.</p>
            <ul className="quiet">
              <li>planted on your pages: {soFar(own.planted, WANTED)}</li>
            </ul>
          </Waiting>
        </Card>
      </div>
      <section className="card stack mine-why" aria-labelledby="mine-why">
        <h2 id="mine-why">Why some suggestions are wrong on purpose</h2>
        <p>
          Everybody leans towards what a machine suggests, and nobody notices. So, while images are certified,{" "}
          {rates(policy)}, drawn at random; on pages as many images are planted. Comparing the two shows the pull. What
          you answer counts as always, and what is planted on a page never changes a label.
        </p>
        {everyone.suggestions_said && !alone(mine) && (
          <p className="number">All people of this project together: {everyone.suggestions_said}</p>
        )}
        {everyone.pull && everyone.pull.low > 0 && (
          <p>While suggestions pull, certificates that rest on answers under suggestions are set aside.</p>
        )}
        <p className="quiet small">These figures are yours. There is no ranking.</p>
      </section>
    </>
  );
}

function Card({ title, said, drawn, children }: { title: string; said: string; drawn: Share[]; children: ReactNode }) {
  return (
    <section className="card stack" aria-label={title}>
      <h2>{title}</h2>
      {said ? (
        <>
          <Shares shares={drawn} />
          <p className="number">{said}</p>
        </>
      ) : (
        children
      )}
    </section>
  );
}

function Waiting({ measuring, slug, children }: { measuring: boolean; slug: string; children: ReactNode }) {
  return (
    <div className="mine-waiting stack">
      <svg viewBox="0 0 240 48" aria-hidden="true">
        <path d="M8 14H150M8 34H96" />
        <circle cx="72" cy="14" r="5" />
        <circle cx="46" cy="34" r="5" />
      </svg>
      {children}
      {!measuring && (
        <p className="quiet">
          Nothing is planted or kept back at present: that begins when recognised images are certified, in{" "}
          <Link href={`/p/${slug}/settings`}>Settings</Link>.
        </p>
      )}
    </div>
  );
}
