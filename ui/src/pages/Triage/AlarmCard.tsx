// What was noticed when a batch came in: whether it differs, how sure that is, and in what, with images that show it.
import type { Wire } from "../../api/client";
import { chanceSaid } from "../../model/batches";
import { Thumb } from "../../parts/Thumb";
import { BatchMark } from "./BatchMark";

type Kind = Wire["Finding"]["kind"];

const SIGNS: Record<Kind, string> = {
  new: "M12 6v12M6 12h12",
  more: "M12 18V7M7 11.5 12 6.5l5 5",
  less: "M12 6v11M7 12.5l5 5 5-5",
  unsure: "M9 9.2a3 3 0 1 1 4.3 3c-1 .5-1.3 1.1-1.3 2.2M12 17.6v.1",
  different: "M6 10c2-3 4-3 6 0s4 3 6 0M6 15c2-3 4-3 6 0s4 3 6 0",
};

export function AlarmCard({ slug, alarm }: { slug: string; alarm: Wire["Alarm"] }) {
  return (
    <section className="card alarm" aria-labelledby="alarm" data-drift={alarm.drift || undefined}>
      <header>
        <BatchMark look={alarm.drift ? "changed" : "same"} size={32} />
        <div>
          <h2 id="alarm">
            {alarm.drift ? "This batch differs from what is known" : "This batch looks like what is known"}
          </h2>
          <p className="quiet number">
            {chanceSaid(alarm)} <span className="small">(p = {alarm.p.toPrecision(2)})</span>
          </p>
        </div>
      </header>
      {alarm.findings.length > 0 && (
        <ul className="findings">
          {alarm.findings.map((finding) => (
            <FindingLine key={finding.text} slug={slug} finding={finding} />
          ))}
        </ul>
      )}
    </section>
  );
}

function FindingLine({ slug, finding }: { slug: string; finding: Wire["Finding"] }) {
  const { kind, text, items } = finding;
  return (
    <li className="finding">
      <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
        <path d={SIGNS[kind]} />
      </svg>
      <p>{text}</p>
      {items.length > 0 && (
        <div className="finding-thumbs">
          {items.map((itemId, at) => (
            <Thumb key={itemId} slug={slug} itemId={itemId} alt={at === 0 ? `Examples: ${text}` : ""} size={128} />
          ))}
        </div>
      )}
    </li>
  );
}
