// The labels as a file: format, what it will hold, the download, and the same from a terminal.
import { useState } from "react";
import { Link } from "wouter";
import type { Wire } from "../../api/client";
import { useCertificates, useMe, useProject } from "../../api/queries";
import {
  besideSaid,
  command,
  contents,
  covering,
  type FormatCard,
  formatCards,
  total,
  verifyCommand,
} from "../../model/exports";
import { count, size } from "../../model/figures";
import { Button } from "../../parts/Button";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorNote } from "../../parts/ErrorNote";
import { useDownload } from "./useDownload";
import "./export.css";

export function Export({ slug }: { slug: string }) {
  const project = useProject(slug);
  const me = useMe();
  const certificates = useCertificates(slug);
  const asked = [project, me, certificates];
  const missing = asked.find((one) => one.error && !one.data);
  const cards = formatCards(me.data, project.data?.project.task_schema.task);
  return (
    <div className="page export" aria-busy={!missing && !asked.every((one) => one.data)}>
      <h1>Export</h1>
      {missing?.error && <ErrorNote error={missing.error} retry={() => void missing.refetch()} />}
      {project.data && certificates.data && cards[0] && (
        <Choices
          slug={slug}
          view={project.data}
          cards={cards}
          first={cards[0]}
          proofs={covering(certificates.data.certificates)}
        />
      )}
    </div>
  );
}

interface ChoicesProps {
  slug: string;
  view: Wire["ProjectView"];
  cards: readonly FormatCard[];
  first: FormatCard;
  /** Certificates that labels stand under, by number. */
  proofs: readonly number[];
}

function Choices({ slug, view, cards, first, proofs }: ChoicesProps) {
  const [chosen, setChosen] = useState(first.name);
  const [predictions, setPredictions] = useState(false);
  const [proven, setProven] = useState(true);
  const modelled = (view.round?.labels ?? 0) > 0;
  const parts = contents(view.counts, modelled, predictions);
  const card = cards.find((one) => one.name === chosen) ?? first;
  const download = useDownload();
  const draws = view.project.task_schema.task === "draw";
  const certificates = proven && proofs.length > 0;
  if (view.counts.labeled === 0 && !modelled) {
    return (
      <EmptyState title="There are no labels yet">
        <p>
          Label a few images first. Every label can then be downloaded with who gave it, when, and what the model said.
        </p>
        <Link className="button" data-look="primary" href={`/p/${slug}/annotate`}>
          Label images
        </Link>
      </EmptyState>
    );
  }
  return (
    <>
      <fieldset className="formats">
        <legend>Format</legend>
        {cards.map((one) => (
          <label key={one.name} className="choice" data-on={one === card || undefined}>
            <input type="radio" name="format" checked={one === card} onChange={() => setChosen(one.name)} />
            <span>
              <strong>{one.title}</strong>
              <span className="quiet format-text">{one.text}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <section className="card stack" aria-labelledby="export-contents">
        <h2 id="export-contents">What will be in it</h2>
        <ul className="contents">
          {parts.map((part) => (
            <li key={part.label}>
              <strong className="number">{count(part.n)}</strong> {part.label}
            </li>
          ))}
          {parts.length === 0 && <li className="quiet">Nothing yet: there are predictions only.</li>}
        </ul>
        <p className="quiet">
          {draws
            ? "A zip, with a list of everything the format could not hold."
            : "Each with its file, its sha256, who settled it and when, and what the model said and how sure it was."}
        </p>
        <label className="tick" data-off={!modelled || undefined}>
          <input
            type="checkbox"
            checked={predictions && modelled}
            disabled={!modelled}
            onChange={(event) => setPredictions(event.target.checked)}
          />
          <span>
            Add the model's predictions of unlabeled images
            <span className="quiet small tick-hint">
              {modelled
                ? "Marked as predictions, in a column of their own: they are never mistaken for labels."
                : "There is no model yet: it trains after the first labels."}
            </span>
          </span>
        </label>
        {proofs.length > 0 && <Proofs numbers={proofs} on={proven} set={setProven} inside={card.name === "folders"} />}
      </section>
      <div className="stack">
        <div className="row">
          {download.received === null ? (
            <Button
              look="primary"
              disabled={parts.length === 0}
              onClick={() =>
                void download.start({
                  slug,
                  format: card.name,
                  predictions: predictions && modelled,
                  certificates,
                  file: `${slug}-labels${draws || certificates ? ".zip" : card.suffix}`,
                })
              }
            >
              Download {card.title}, {total(parts)} rows
            </Button>
          ) : (
            <>
              <p className="number" role="status">
                {download.received === 0 ? "Preparing" : `${size(download.received)} received`}
              </p>
              <Button onClick={download.stop}>Stop</Button>
            </>
          )}
          {download.done && (
            <p className="quiet" role="status">
              {download.done}
            </p>
          )}
        </div>
        {download.error !== null && <ErrorNote error={download.error} />}
      </div>
      <section className="stack" aria-labelledby="export-command">
        <h2 id="export-command">The same from a terminal</h2>
        <Command text={command(slug, card, predictions && modelled)} />
        {proofs.length > 0 && (
          <>
            <p>Anybody can check the certificates of what was exported, without this project:</p>
            <Command text={verifyCommand(card)} named="Copy the check" />
          </>
        )}
      </section>
    </>
  );
}

interface ProofsProps {
  numbers: readonly number[];
  on: boolean;
  set: (on: boolean) => void;
  /** The format holds them in any case. */
  inside: boolean;
}

/** The facts of the certificates go along, unless somebody wants the bare file. */
function Proofs({ numbers, on, set, inside }: ProofsProps) {
  return (
    <label className="tick" data-off={inside || undefined}>
      <input type="checkbox" checked={on || inside} disabled={inside} onChange={(event) => set(event.target.checked)} />
      <span>
        Put the certificates beside the labels
        <span className="quiet small tick-hint">
          {besideSaid(numbers)} Every label by the model names its certificate, and <code>modicum verify</code> computes
          it again from these files alone.
        </span>
      </span>
    </label>
  );
}

function Command({ text, named = "Copy the command" }: { text: string; named?: string }) {
  const [said, setSaid] = useState("Copy");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      setSaid("Select it to copy");
    }
    setTimeout(() => setSaid("Copy"), 2500);
  };
  return (
    <div className="command">
      <code>{text}</code>
      <Button onClick={copy} aria-label={said === "Copy" ? named : said}>
        <span aria-live="polite">{said}</span>
      </Button>
    </div>
  );
}
