// What came of a batch: what was looked at and what nobody had to, the new classes, accuracy before and after, drift over time.
import { Link } from "wouter";
import { basePath, type Wire } from "../../api/client";
import { Figure } from "../../charts/Figure";
import { StackedBar } from "../../charts/StackedBar";
import { changeSaid, classRows, classTable, driftTable, restSaid, shares } from "../../model/batches";
import { count, counted } from "../../model/figures";
import { ClassChip } from "../../parts/ClassChip";
import { Interval } from "../../parts/Interval";
import { Certify } from "./Certify";
import { DriftPicture } from "./DriftPicture";

interface Props {
  slug: string;
  report: Wire["BatchReport"];
  job: number;
  policy: Wire["Policy"];
  name: (classId: number) => string;
}

export function Report({ slug, report, job, policy, name }: Props) {
  const address = `${basePath}/api/projects/${encodeURIComponent(slug)}/batches/${report.number}/report`;
  const parts = shares(report);
  return (
    <>
      <section className="card report" aria-labelledby="report">
        <header className="row">
          <h2 id="report">What came of it</h2>
          <span className="gap" />
          <a className="button" href={`${address}?format=html`} target="_blank" rel="noreferrer">
            Report as a page
          </a>
          <a
            className="button"
            data-look="plain"
            href={`${address}?format=json`}
            download={`${slug}-batch-${report.number}.json`}
          >
            JSON
          </a>
        </header>
        <dl className="report-facts">
          <div>
            <dt>Looked at one by one</dt>
            <dd className="number">{count(report.asked)}</dd>
          </div>
          <div>
            <dt>Labeled by the stack</dt>
            <dd className="number">{count(report.by_stack)}</dd>
          </div>
          <div>
            <dt>Questions saved</dt>
            <dd className="number">{count(report.saved)}</dd>
          </div>
          <div>
            <dt>New, found</dt>
            <dd className="number">{count(report.found)}</dd>
          </div>
          {report.remaining && (
            <div>
              <dt>New, perhaps missed</dt>
              <dd>
                <Interval value={report.remaining} unit="count" />
              </dd>
            </div>
          )}
        </dl>
        {report.new_classes.length > 0 && (
          <div className="row">
            <span>{report.new_classes.length === 1 ? "New class" : "New classes"}</span>
            {report.new_classes.map((classId) => (
              <ClassChip key={classId} classId={classId} name={name(classId)} />
            ))}
          </div>
        )}
        <StackedBar parts={parts} noun="image" />
        <div className="row report-rest">
          <p>{restSaid(policy.recognised)}</p>
          <Link className="button" href={`/p/${slug}/validate`}>
            Validate
          </Link>
          <Link className="button" href={`/p/${slug}/certificates`}>
            Auto-labels
          </Link>
        </div>
        <Certify slug={slug} job={job} policy={policy} />
      </section>
      <div className="report-pair">
        <Figure title="Accuracy before and after" table={classTable(report.classes, name)} plain>
          <Accuracy report={report} name={name} />
        </Figure>
        <Figure title="Drift over time" table={driftTable(report.drift)}>
          <DriftPicture points={report.drift} current={report.number} />
        </Figure>
      </div>
    </>
  );
}

function Accuracy({ report, name }: { report: Wire["BatchReport"]; name: (classId: number) => string }) {
  const { before, after, pending, classes } = report;
  return (
    <>
      {pending && (
        <p className="caution" role="status">
          A model that knows the last labels is being trained. The figures after it follow by themselves.
        </p>
      )}
      <p>
        {before && after ? (
          <>
            On held-out images the model was right in <Interval value={before} /> before, and in{" "}
            <Interval value={after} /> now.
          </>
        ) : (
          <span className="quiet">Too few held-out labels to compare the models as a whole.</span>
        )}
      </p>
      {classes.length > 0 && (
        <div className="report-table">
          <table className="table number">
            <thead>
              <tr>
                <th scope="col">Class</th>
                <th scope="col">Before</th>
                <th scope="col">After</th>
                <th scope="col">Change</th>
              </tr>
            </thead>
            <tbody>
              {classRows(classes).map((one) => (
                <tr key={one.class_id}>
                  <th scope="row">
                    <ClassChip classId={one.class_id} name={name(one.class_id)} />
                  </th>
                  <td>{one.before ? <Interval value={one.before} /> : <span className="quiet">not known</span>}</td>
                  <td>{one.after ? <Interval value={one.after} /> : <span className="quiet">not measured</span>}</td>
                  <td>{changeSaid(one)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p className="small quiet">
        {counted(classes.length, "class", "classes")}; 95% intervals. New classes are also measured on what the triage
        found.
      </p>
    </>
  );
}
