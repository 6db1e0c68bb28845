// Where the project stands: how good it is, what that saved, who labeled what, and how long the rest takes.
import { useMemo } from "react";
import type { Wire } from "../../api/client";
import { useProgress, useProject } from "../../api/queries";
import { Figure } from "../../charts/Figure";
import { LearningCurve } from "../../charts/LearningCurve";
import { StackedBar } from "../../charts/StackedBar";
import { curveTable, drawn } from "../../model/curve";
import { beforeCurve, comparable, headline, savingNote, segments, stopping, vague } from "../../model/progress";
import { ErrorNote } from "../../parts/ErrorNote";
import { ClassTable } from "./ClassTable";
import { Confusions } from "./Confusions";
import { Contradicted } from "./Contradicted";
import { NoCurve } from "./NoCurve";
import { Pace } from "./Pace";
import { Rounds } from "./Rounds";
import "./progress.css";

export function Progress({ slug }: { slug: string }) {
  const project = useProject(slug);
  const progress = useProgress(slug);
  const error = project.error ?? progress.error;
  const ready = project.data && progress.data;
  return (
    <div className="page" aria-busy={!ready && !error}>
      <h1 className="sr-only">Progress</h1>
      {error && !ready && (
        <ErrorNote
          error={error}
          retry={() => {
            void project.refetch();
            void progress.refetch();
          }}
        />
      )}
      {!ready && !error && <p className="quiet">Loading the facts</p>}
      {project.data?.message && <p className="caution">{project.data.message}</p>}
      {ready && <Facts slug={slug} project={project.data.project} progress={progress.data} />}
    </div>
  );
}

interface Props {
  slug: string;
  project: Wire["Project"];
  progress: Wire["Progress"];
}

function Facts({ slug, project, progress }: Props) {
  const { classes, task } = project.task_schema;
  const name = (id: number) => classes.find((entry) => entry.id === id)?.name ?? `class ${id}`;
  const empty = beforeCurve(progress, project.policy);
  const parts = segments(progress.counts, progress.routes);
  const caution = vague(progress, task);
  const compared = comparable(progress);
  const picture = useMemo(
    () => drawn(progress.curve, compared ? progress.control : []),
    [progress.curve, progress.control, compared],
  );
  return (
    <>
      {!empty && (
        <div className="stack">
          <p className="headline number">{headline(progress, task)}</p>
          {savingNote(progress) && <p className="quiet">{savingNote(progress)}</p>}
          {stopping(progress) && <p className="quiet">{stopping(progress)}</p>}
          <Contradicted slug={slug} />
          {caution && <p className="caution">{caution}</p>}
        </div>
      )}
      <div className="progress-top">
        {empty ? (
          <NoCurve slug={slug} items={progress.counts.items} {...empty} />
        ) : (
          <Figure title="Learning curve" table={curveTable(progress.curve, progress.control)}>
            <LearningCurve {...picture} />
          </Figure>
        )}
        <Pace progress={progress} budget={project.policy.budget} />
      </div>
      {parts.length > 0 && (
        <Figure
          title="Where the images are"
          table={{
            head: ["where", "images", "meaning"],
            rows: parts.map((part) => [part.label, part.n, part.meaning]),
          }}
        >
          <StackedBar parts={parts} noun="image" />
        </Figure>
      )}
      <div className="progress-pair">
        <ClassTable progress={progress} classes={classes} />
        <Confusions slug={slug} confusions={progress.confusions} name={name} />
      </div>
      <Rounds rounds={progress.rounds} />
    </>
  );
}
