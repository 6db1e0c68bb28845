// One project on the first page: a few of its images, how far it is, how good it is.
import { Link } from "wouter";
import type { Wire } from "../../api/client";
import { count, counted, withRange } from "../../model/figures";
import { ProgressBar } from "../../parts/ProgressBar";
import { Thumb } from "../../parts/Thumb";
import { DeleteProject } from "./DeleteProject";

type Card = Wire["ProjectCard"];

export function busy(card: Card): boolean {
  return card.job?.state === "running" || card.job?.state === "queued";
}

export function ProjectCard({ card }: { card: Card }) {
  const places = [0, 1, 2, 3].map((place) => card.thumbs[place]);
  return (
    <li className="project-card">
      <Link
        className="project-open"
        href={busy(card) && card.items === 0 ? `/p/${card.slug}/import` : `/p/${card.slug}/annotate`}
      >
        <span className="project-thumbs" aria-hidden="true">
          {places.map((id, place) =>
            id === undefined ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: four fixed places.
              <span key={place} className="thumb" />
            ) : (
              <Thumb key={id} slug={card.slug} itemId={id} alt="" size={192} />
            ),
          )}
        </span>
        <bdi className="project-name">{card.name}</bdi>
      </Link>
      <dl className="project-facts">
        <div>
          <dt>Labels</dt>
          <dd className="number">
            {count(card.labeled)} <span className="quiet">of {counted(card.items, "image")}</span>
          </dd>
        </div>
        <div>
          <dt>Correct</dt>
          <dd className="number">
            {card.accuracy ? withRange(card.accuracy) : <span className="quiet">not measured yet</span>}
          </dd>
        </div>
      </dl>
      {busy(card) && card.job ? (
        <Link className="project-import small" href={`/p/${card.slug}/import`}>
          <span>
            {card.job.state === "queued"
              ? "Import waits for its turn"
              : `Importing ${count(card.job.done)}${card.job.total ? ` of ${count(card.job.total)}` : ""}`}
          </span>
          <ProgressBar label={`Import of ${card.name}`} done={card.job.done} total={card.job.total} />
        </Link>
      ) : (
        <p className="row project-foot small quiet">
          {counted(card.classes, "class", "classes")}
          {card.job?.state === "failed" && <Link href={`/p/${card.slug}/import`}>Import failed: see why</Link>}
          <span className="gap" />
          <DeleteProject slug={card.slug} name={card.name} labels={card.labeled} />
        </p>
      )}
    </li>
  );
}
