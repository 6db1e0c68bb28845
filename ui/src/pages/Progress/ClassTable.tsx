// The classes with their labels, predictions and accuracy, sortable; balance and interval are drawn beside the numbers.
import { useState } from "react";
import type { Wire } from "../../api/client";
import { Figure } from "../../charts/Figure";
import { count, withRange } from "../../model/figures";
import { type ClassOrder, type ClassRow, classRows } from "../../model/progress";
import { Swatch } from "../../parts/ClassChip";

interface Props {
  progress: Wire["Progress"];
  classes: readonly Wire["Class"][];
}

const HEAD: readonly [ClassOrder, string, string][] = [
  ["name", "Class", ""],
  ["labeled", "Labels", "settled labels of this class"],
  ["predicted", "Predicted", "images without a label that the model takes for this class"],
  ["accuracy", "Correct", "of the held-out images of this class, how many the model gets right"],
];

export function ClassTable({ progress, classes }: Props) {
  const [by, setBy] = useState<ClassOrder>("labeled");
  const [descending, setDescending] = useState(true);
  const rows = classRows(progress, classes, by, descending);
  const sort = (column: ClassOrder) => {
    setDescending(column === by ? !descending : column === "labeled" || column === "predicted");
    setBy(column);
  };
  const table = {
    head: ["class", "labels", "predicted", "accuracy", "low", "high", "n"],
    rows: rows.map((row) => {
      const a = row.accuracy;
      const measured = a ? [a.mean.toFixed(4), a.low.toFixed(4), a.high.toFixed(4), a.n] : ["", "", "", 0];
      return [row.name, row.labeled, row.predicted, ...measured];
    }),
  };
  const most = Math.max(1, ...rows.map((row) => row.labeled));
  if (rows.length === 0) {
    return (
      <section className="card stack">
        <h2>Classes</h2>
        <p className="quiet">There are no classes yet. Add them under Settings, or with + while labeling.</p>
      </section>
    );
  }
  return (
    <Figure title="Classes" table={table} plain>
      <div className="class-table-box">
        <table className="table class-table">
          <thead>
            <tr>
              {HEAD.map(([column, text, hint]) => (
                <th
                  key={column}
                  scope="col"
                  aria-sort={by === column ? (descending ? "descending" : "ascending") : "none"}
                  title={hint}
                >
                  <button
                    type="button"
                    className="sort"
                    data-on={by === column || undefined}
                    onClick={() => sort(column)}
                  >
                    {text}
                    <span aria-hidden="true">{by === column ? (descending ? " ↓" : " ↑") : ""}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.id} row={row} most={most} />
            ))}
          </tbody>
        </table>
      </div>
    </Figure>
  );
}

function Row({ row, most }: { row: ClassRow; most: number }) {
  return (
    <tr>
      <th scope="row">
        <span className="class-cell">
          <Swatch classId={row.id} />
          <bdi>{row.name}</bdi>
          {row.archived && <span className="quiet small">archived</span>}
        </span>
      </th>
      <td>
        <span className="balance number">
          <span className="balance-bar" style={{ width: `${(row.labeled / most) * 48}px` }} aria-hidden="true" />
          {count(row.labeled)}
        </span>
      </td>
      <td className="number">{count(row.predicted)}</td>
      <td className="number">{row.accuracy ? withRange(row.accuracy) : <span className="quiet">not yet</span>}</td>
    </tr>
  );
}
