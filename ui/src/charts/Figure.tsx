// The frame of every picture: title, the picture, its data to copy, and the same as a table.
import { type ReactNode, useId, useState } from "react";
import { type Table, tabbed } from "../model/curve";
import { Button } from "../parts/Button";
import "./charts.css";

interface Props {
  title: string;
  table: Table;
  children: ReactNode;
  /** The content is a table already and needs no second one. */
  plain?: boolean;
}

export function Figure({ title, table, children, plain = false }: Props) {
  const id = useId();
  return (
    <figure className="figure card" aria-labelledby={id}>
      <figcaption className="row">
        <h2 id={id}>{title}</h2>
        <span className="gap" />
        <CopyData table={table} title={title} />
      </figcaption>
      {children}
      {!plain && <AsTable table={table} title={title} />}
    </figure>
  );
}

function CopyData({ table, title }: { table: Table; title: string }) {
  const [said, setSaid] = useState("Copy data");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(tabbed(table));
      setSaid("Copied");
    } catch {
      // No clipboard without https or a permission: the table below can be selected.
      setSaid("Copying is not allowed here: open the table");
    }
    setTimeout(() => setSaid("Copy data"), 2500);
  };
  return (
    <Button look="plain" onClick={copy} aria-label={said === "Copy data" ? `Copy data: ${title}` : said}>
      <span aria-live="polite">{said}</span>
    </Button>
  );
}

function AsTable({ table, title }: { table: Table; title: string }) {
  return (
    <details>
      <summary className="plain-summary quiet">As a table</summary>
      <section
        className="figure-table"
        aria-label={`${title}, as a table`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
        tabIndex={0}
      >
        <table className="table number">
          <thead>
            <tr>
              {table.head.map((cell) => (
                <th key={cell} scope="col">
                  {cell}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row) => (
              <tr key={row.slice(0, 2).join(" ")}>
                {row.map((cell, at) => (
                  <td key={table.head[at]}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
