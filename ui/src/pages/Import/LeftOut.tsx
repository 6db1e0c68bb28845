// Files an import left out, with the reason: a virtual list that asks for a hundred rows at a time.
import { useQueries } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import type { Wire } from "../../api/client";
import { rejectionsQuery } from "../../api/queries";
import { counted } from "../../model/figures";
import { fileSaid } from "../../model/importing";
import { ErrorNote } from "../../parts/ErrorNote";

const PAGE = 100;
// Most reasons fit one line; a row grows where its own does not.
const ROW_PX = 48;

interface Props {
  slug: string;
  duplicates: number;
  rejected: number;
  /** The import is through: only then nothing means nothing. */
  through: boolean;
}

export function LeftOut({ slug, duplicates, rejected, through }: Props) {
  const total = duplicates + rejected;
  if (total === 0) {
    return !through ? null : (
      <section className="stack">
        <h2>Left out</h2>
        <p className="quiet">Nothing: every file could be read, and no two were the same.</p>
      </section>
    );
  }
  return (
    <section className="stack">
      <h2>Left out</h2>
      <p className="quiet">
        {[
          duplicates > 0 && counted(duplicates, "duplicate"),
          rejected > 0 && `${counted(rejected, "file")} that could not be used`,
        ]
          .filter(Boolean)
          .join(" and ")}
        , newest first. Correct the files and import again: what is in already is not added twice.
      </p>
      <Rows slug={slug} total={total} />
    </section>
  );
}

function Rows({ slug, total }: { slug: string; total: number }) {
  const box = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: total,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
  });
  const seen = list.getVirtualItems();
  const first = Math.floor((seen[0]?.index ?? 0) / PAGE);
  const last = Math.floor((seen.at(-1)?.index ?? 0) / PAGE);
  const pages = useQueries({
    queries: Array.from({ length: last - first + 1 }, (_, at) => rejectionsQuery(slug, (first + at) * PAGE, PAGE)),
  });
  const failed = pages.find((page) => page.error && !page.data);
  const row = (index: number): Wire["Rejection"] | undefined =>
    pages[Math.floor(index / PAGE) - first]?.data?.rows[index % PAGE];
  return (
    <>
      {failed && <ErrorNote error={failed.error} retry={() => void failed.refetch()} />}
      <section
        className="left-rows"
        ref={box}
        aria-label={`${counted(total, "file")} left out`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
        tabIndex={0}
      >
        <ul style={{ height: list.getTotalSize() }}>
          {seen.map((place) => {
            const entry = row(place.index);
            return (
              <li
                key={place.key}
                ref={list.measureElement}
                data-index={place.index}
                style={{ transform: `translateY(${place.start}px)` }}
                aria-setsize={total}
                aria-posinset={place.index + 1}
              >
                <bdi className="left-uri">{entry ? fileSaid(entry.uri) : ""}</bdi>
                <span className="left-why small" data-kind={entry?.kind}>
                  {entry?.reason ?? ""}
                </span>
              </li>
            );
          })}
        </ul>
      </section>
    </>
  );
}
