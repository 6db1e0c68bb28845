// What the work was for: decisions, the time of one, and what they came to.
import type { Wire } from "../../api/client";
import { Figure } from "../../charts/Figure";
import { amount, purposeTable, remark, work } from "../../model/bill";
import { count } from "../../model/figures";

export function Purposes({ bill }: { bill: Wire["Bill"] }) {
  const priced = bill.rate_per_hour !== null;
  const decisions = bill.purposes.reduce((sum, row) => sum + row.decisions, 0);
  return (
    <Figure title="What it was spent on" table={purposeTable(bill)} plain>
      <section
        className="bill-table"
        aria-label="What it was spent on"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
        tabIndex={0}
      >
        <table className="table number">
          <thead>
            <tr>
              <th scope="col">For</th>
              <th scope="col" className="end">
                Decisions
              </th>
              <th scope="col" className="end" title="half of the decisions took no longer">
                Median
              </th>
              <th scope="col" className="end">
                Time
              </th>
              {priced && (
                <th scope="col" className="end">
                  {bill.currency}
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {bill.purposes.map((row) => (
              <Row key={row.purpose} row={row} />
            ))}
            {bill.purposes.length > 1 && (
              <tr className="bill-sum">
                <th scope="row">In all</th>
                <td className="end">{count(decisions)}</td>
                <td />
                <td className="end">{work(bill.spent.seconds.mean)}</td>
                {bill.spent.money && <td className="end">{amount(bill.spent.money.mean)}</td>}
              </tr>
            )}
          </tbody>
        </table>
      </section>
    </Figure>
  );
}

function Row({ row }: { row: Wire["PurposeCost"] }) {
  const more = remark(row);
  return (
    <tr>
      <th scope="row">
        {row.title}
        <span className="quiet small bill-meaning">{row.meaning}</span>
      </th>
      <td className="end">
        {count(row.decisions)}
        {more && <span className="quiet small bill-meaning">{more}</span>}
      </td>
      <td className="end">{row.median === null ? <span className="quiet">not timed</span> : work(row.median)}</td>
      <td className="end">{work(row.spent.seconds.mean)}</td>
      {row.spent.money && <td className="end">{amount(row.spent.money.mean)}</td>}
    </tr>
  );
}
