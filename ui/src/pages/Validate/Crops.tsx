// Every shape of a page cut out of its image, class by class: one that does not belong stands out among its like.
import { thumbUrl, type Wire } from "../../api/client";
import { counted, percent } from "../../model/figures";
import type { WrongShapes } from "../../model/pages";
import { shapesOf } from "../../model/values";
import { Swatch } from "../../parts/ClassChip";
import { boundsOfShape } from "../../shapes/kinds";
import { Markable } from "./Markable";
import { ShapeLines } from "./ShapeLines";

interface Props {
  slug: string;
  page: readonly Wire["Task"][];
  classes: readonly Wire["Class"][];
  wrong: WrongShapes;
  toggle: (itemId: number, shapeId: string) => void;
}

interface Cut {
  task: Wire["Task"];
  shape: Wire["Shape"];
}

export function Crops({ slug, page, classes, wrong, toggle }: Props) {
  const byClass = new Map<number, Cut[]>();
  for (const task of page) {
    for (const shape of shapesOf(task)) {
      byClass.set(shape.class_id, [...(byClass.get(shape.class_id) ?? []), { task, shape }]);
    }
  }
  const groups = [...byClass].sort(([a], [b]) => a - b);
  return (
    <div className="crops">
      {groups.map(([classId, cuts]) => (
        <section key={classId} aria-labelledby={`crops-${classId}`}>
          <h2 id={`crops-${classId}`}>
            <Swatch classId={classId} colour={classes[classId]?.colour} /> <bdi>{classes[classId]?.name}</bdi>{" "}
            <span className="quiet small">{counted(cuts.length, "shape")}, the least sure first</span>
          </h2>
          <ul>
            {cuts
              .toSorted((a, b) => (a.shape.score ?? 1) - (b.shape.score ?? 1))
              .map(({ task, shape }) => (
                <li key={`${task.id} ${shape.id}`}>
                  <Crop
                    slug={slug}
                    task={task}
                    shape={shape}
                    entry={classes[classId]}
                    wrong={wrong.get(task.item.id)?.has(shape.id) ?? false}
                    toggle={() => toggle(task.item.id, shape.id)}
                  />
                </li>
              ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

interface CropProps extends Cut {
  slug: string;
  entry: Wire["Class"] | undefined;
  wrong: boolean;
  toggle: () => void;
}

const SIDE = 112;
const MARGIN = 0.15;

function Crop({ slug, task, shape, entry, wrong, toggle }: CropProps) {
  const { item } = task;
  const [left, top, right, bottom] = boundsOfShape(shape.geometry);
  const side = Math.max(right - left, bottom - top, 8) * (1 + 2 * MARGIN);
  const view = [(left + right - side) / 2, (top + bottom - side) / 2, side, side];
  return (
    <Markable
      className="crop"
      label={`${entry?.name ?? "shape"} on ${item.name}, wrong`}
      title={item.name}
      wrong={wrong}
      toggle={toggle}
    >
      <svg viewBox={view.join(" ")} width={SIDE} height={SIDE} aria-hidden="true">
        <image
          href={thumbUrl(slug, item.id, 1024, item.sha256)}
          width={item.width}
          height={item.height}
          preserveAspectRatio="none"
        />
        <ShapeLines shape={shape} entry={entry} unit={side / SIDE} wrong={wrong} />
      </svg>
      <span className="number small">{shape.score === null ? "" : percent(shape.score)}</span>
    </Markable>
  );
}
