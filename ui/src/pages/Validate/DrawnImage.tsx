// An image with its shapes on it, small: a click marks it as wrong.
import { thumbUrl, type Wire } from "../../api/client";
import { counted, percent } from "../../model/figures";
import { Markable } from "./Markable";
import { ShapeLines } from "./ShapeLines";

interface Props {
  slug: string;
  task: Wire["Task"];
  shapes: readonly Wire["Shape"][];
  classes: readonly Wire["Class"][];
  wrong: boolean;
  wrongShapes: ReadonlySet<string> | undefined;
  toggle: () => void;
  focus: () => void;
}

export function DrawnImage({ slug, task, shapes, classes, wrong, wrongShapes, toggle, focus }: Props) {
  const { item, prediction } = task;
  const unit = Math.max(item.width, item.height) / 360; // about one pixel of the screen
  return (
    <Markable
      className="drawn-image"
      label={`${item.name}, ${counted(shapes.length, "shape")}, wrong`}
      wrong={wrong}
      part={wrongShapes !== undefined}
      toggle={toggle}
      focus={focus}
    >
      <svg viewBox={`0 0 ${item.width} ${item.height}`} aria-hidden="true">
        <image
          href={thumbUrl(slug, item.id, 1024, item.sha256)}
          width={item.width}
          height={item.height}
          preserveAspectRatio="none"
        />
        {shapes.map((shape) => (
          <ShapeLines
            key={shape.id}
            shape={shape}
            entry={classes[shape.class_id]}
            unit={unit}
            wrong={wrongShapes?.has(shape.id) ?? false}
          />
        ))}
      </svg>
      <span className="drawn-said small">
        <bdi>{item.name}</bdi>
        <span className="number">{prediction ? percent(prediction.confidence) : ""}</span>
      </span>
    </Markable>
  );
}
