// How much of each budget is used, and when it is spent at today's pace; the way to Settings.
import { Link } from "wouter";
import type { Wire } from "../../api/client";
import { ProgressBar } from "../../parts/ProgressBar";

export function Budgets({ slug, bill }: { slug: string; bill: Wire["Bill"] }) {
  return (
    <section className="card stack" aria-labelledby="bill-budgets">
      <h2 id="bill-budgets">Budget</h2>
      {bill.budgets.length === 0 && (
        <p className="quiet">
          None is set: Annotate goes on as long as there are images. A budget in labels, hours or money stops it.
        </p>
      )}
      {bill.budgets.map((budget) => (
        <div key={budget.unit} className="bill-budget" data-spent={budget.used >= budget.limit || undefined}>
          <ProgressBar label={`Budget in ${budget.unit}`} done={budget.used} total={budget.limit} />
          <p className="number">{budget.said}</p>
        </div>
      ))}
      {bill.rate_per_hour === null && <p className="quiet">Once an hour has a price, the bill is in money too.</p>}
      <div>
        <Link className="button" href={`/p/${slug}/settings`}>
          {bill.budgets.length > 0 ? "Change budget or price" : "Set budget or price"}
        </Link>
      </div>
    </section>
  );
}
