// All batches of a project, newest first: when each came, from where, how many images, and how it stands.
import { Link } from "wouter";
import type { Wire } from "../../api/client";
import { lookOf, titleOf } from "../../model/batches";
import { count, counted } from "../../model/figures";
import { BatchMark } from "./BatchMark";

interface Props {
  slug: string;
  batches: readonly Wire["BatchView"][];
  current: number;
}

export function Timeline({ slug, batches, current }: Props) {
  return (
    <nav className="timeline" aria-label="Batches, newest first">
      <h2 className="small quiet">{counted(batches.length, "batch", "batches")}</h2>
      <ol>
        {batches.map((batch) => (
          <li key={batch.number}>
            <Link
              href={`/p/${slug}/triage/${batch.number}`}
              aria-current={batch.number === current ? "true" : undefined}
              onMouseDown={(event) => event.preventDefault()}
            >
              <BatchMark look={lookOf(batch)} />
              <span className="timeline-words">
                <strong>
                  <bdi>{batch.name}</bdi>
                </strong>
                <span className="timeline-source small quiet" title={batch.source}>
                  {when(batch.created)}, <bdi>{sourceName(batch.source)}</bdi>
                </span>
                <span className="small number">
                  {titleOf(batch)}: {counted(batch.items, "image")}
                  {batch.found > 0 && `, ${count(batch.found)} new`}
                </span>
              </span>
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  );
}

const clock = new Intl.DateTimeFormat("en", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});

export function when(time: string): string {
  return clock.format(new Date(time));
}

/** The end of a path or address, which tells sources apart. */
export function sourceName(source: string): string {
  const end = source
    .replace(/[/\\]+$/, "")
    .split(/[/\\]/)
    .at(-1);
  return source.startsWith("upload:") ? "upload" : end || source;
}
