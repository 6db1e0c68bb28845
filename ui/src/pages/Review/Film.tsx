// All labels of the list as a strip: what was decided carries its mark; a click goes there.

import { useEffect, useRef } from "react";
import type { Wire } from "../../api/client";
import type { Said } from "../../model/review";
import { classOf } from "../../model/values";
import { Thumb } from "../../parts/Thumb";

interface Props {
  slug: string;
  rows: readonly Wire["Suspect"][];
  said: ReadonlyMap<number, Said>;
  current: number | null;
  show: (itemId: number) => void;
}

export function Film({ slug, rows, said, current, show }: Props) {
  const here = useRef<HTMLButtonElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the frame on the stage stays in sight
  useEffect(() => {
    here.current?.scrollIntoView({ block: "nearest", inline: "nearest" }); // newer browsers answer with a promise
  }, [current]);
  return (
    <ol className="review-film" aria-label="Labels that seem wrong, those first where a look is worth most">
      {rows.map((row) => {
        const decided = said.get(row.item.id);
        const what = decided === undefined ? "open" : decided.classId === classOf(row.label.value) ? "kept" : "changed";
        const isHere = row.item.id === current;
        return (
          <li key={row.item.id}>
            <button
              type="button"
              ref={isHere ? here : undefined}
              data-what={what}
              aria-current={isHere ? "true" : undefined}
              aria-label={`${row.item.name}, ${what}`}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => show(row.item.id)}
            >
              <Thumb slug={slug} itemId={row.item.id} sha256={row.item.sha256} alt="" size={128} />
              {decided && <span aria-hidden="true">{what === "kept" ? "✓" : "→"}</span>}
            </button>
          </li>
        );
      })}
    </ol>
  );
}
