// The item under the pointer or the focus, larger: beside the grid, and over it.
import { imageUrl, thumbUrl, type Wire } from "../../api/client";
import { percent } from "../../model/figures";
import { Button } from "../../parts/Button";
import { Kbd } from "../../parts/Kbd";

export function Preview({ slug, task }: { slug: string; task: Wire["Task"] }) {
  return (
    <figure className="validate-preview" aria-hidden="true">
      <img src={thumbUrl(slug, task.item.id, 512, task.item.sha256)} alt="" draggable={false} />
      <figcaption className="small">
        <bdi>{task.item.name}</bdi>
        {task.prediction && <span className="number quiet">{percent(task.prediction.confidence)}</span>}
      </figcaption>
    </figure>
  );
}

export function Large({ slug, task, close }: { slug: string; task: Wire["Task"]; close: () => void }) {
  return (
    <div className="validate-large">
      <img src={imageUrl(slug, task.item)} alt={task.item.name} draggable={false} />
      <Button onMouseDown={(event) => event.preventDefault()} onClick={close}>
        Close <Kbd>Z</Kbd>
      </Button>
    </div>
  );
}
