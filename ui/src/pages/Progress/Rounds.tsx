// Every round of the loop: which model, on how many labels, how good, how long it took.
import type { Wire } from "../../api/client";
import { Figure } from "../../charts/Figure";
import { counted, duration, withRange } from "../../model/figures";
import { chosenBy } from "../../model/policy";

const HEAD = ["Model", "Trained on", "Correct", "Chosen by", "Took", "When"];

export function Rounds({ rounds }: { rounds: readonly Wire["Round"][] }) {
  if (rounds.length === 0) return null;
  const newest = [...rounds].sort((a, b) => b.number - a.number);
  const table = {
    head: ["round", "labels", "accuracy", "low", "high", "n", "strategy", "seconds", "created"],
    rows: newest.map((round) => {
      const a = round.accuracy;
      const measured = a ? [a.mean.toFixed(4), a.low.toFixed(4), a.high.toFixed(4), a.n] : ["", "", "", 0];
      return [round.number, round.labels, ...measured, round.strategy, round.seconds.toFixed(2), round.created];
    }),
  };
  return (
    <Figure title="Rounds" table={table} plain>
      <section
        className="rounds"
        aria-label="Rounds, newest first"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
        tabIndex={0}
      >
        <table className="table number">
          <thead>
            <tr>
              {HEAD.map((cell) => (
                <th key={cell} scope="col">
                  {cell}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {newest.map((round) => (
              <tr key={round.number}>
                <th scope="row">{round.number}</th>
                <td>
                  {round.labels === 0 ? <span className="quiet">no labels yet</span> : counted(round.labels, "label")}
                </td>
                <td>{round.accuracy ? withRange(round.accuracy) : <span className="quiet">not measured</span>}</td>
                <td title={chosenBy(round.strategy).explanation}>{chosenBy(round.strategy).title}</td>
                <td>{duration(round.seconds)}</td>
                <td className="quiet">{when(round.created)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Figure>
  );
}

const clock = new Intl.DateTimeFormat("en", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});

function when(created: string): string {
  return clock.format(new Date(created));
}
