// What the labels cost, beside what other ways would have cost; what is left, and when a budget is spent.
import { Link } from "wouter";
import type { Wire } from "../../api/client";
import { useBill } from "../../api/queries";
import { Figure } from "../../charts/Figure";
import { bars, barTable } from "../../model/bill";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorNote } from "../../parts/ErrorNote";
import { Bars } from "./Bars";
import { Budgets } from "./Budgets";
import { Purposes } from "./Purposes";
import "./bill.css";

export function Bill({ slug }: { slug: string }) {
  const { data: bill, error, refetch } = useBill(slug);
  return (
    <div className="page" aria-busy={!bill && !error}>
      <h1 className="sr-only">Bill</h1>
      {error && !bill && <ErrorNote error={error} retry={() => void refetch()} />}
      {!bill && !error && <p className="quiet">Adding up</p>}
      {bill && bill.items === 0 && (
        <EmptyState title="Nothing to pay for yet">
          <p>Import images and label some: every decision is timed, with pauses left out, and the bill adds up here.</p>
          <Link className="button" data-look="primary" href={`/p/${slug}/import`}>
            Import images
          </Link>
        </EmptyState>
      )}
      {bill && bill.items > 0 && <Facts slug={slug} bill={bill} />}
    </div>
  );
}

function Facts({ slug, bill }: { slug: string; bill: Wire["Bill"] }) {
  const begun = bill.purposes.length > 0;
  return (
    <>
      <div className="stack bill-said">
        <p className="bill-headline number">{bill.headline}</p>
        {begun ? (
          <>
            <p className="quiet">{bill.rest.said}</p>
            <p className="quiet">{bill.everything.said}</p>
            <p className="quiet">{bill.random.said}</p>
          </>
        ) : (
          <div>
            <Link className="button" data-look="primary" href={`/p/${slug}/annotate`}>
              Label images
            </Link>
          </div>
        )}
      </div>
      <Figure title="Beside other ways" table={barTable(bill)}>
        <Bars bars={bars(bill)} />
      </Figure>
      <div className="bill-pair">
        {begun && <Purposes bill={bill} />}
        <Budgets slug={slug} bill={bill} />
      </div>
      {bill.notes.length > 0 && (
        <section className="card stack" aria-labelledby="bill-notes">
          <h2 id="bill-notes">What stands behind this</h2>
          <ul className="bill-notes">
            {bill.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
