// The film strip: the last decisions, newest first. A click shows one again.
import { thumbUrl, useConnection } from "../../api/client";
import type { Decided } from "../../model/cards";
import { counted } from "../../model/figures";
import { classLook } from "../../model/palette";
import { classOf } from "../../model/values";

interface Props {
  slug: string;
  strip: readonly Decided[];
  looking: string | null;
  className: (classId: number) => string;
  look: (key: string) => void;
}

export function Strip({ slug, strip, looking, className, look }: Props) {
  return (
    <section className="strip" aria-label="Last decisions, newest first">
      {strip.length === 0 ? (
        <p className="quiet small">Your last decisions appear here. A click returns to one.</p>
      ) : (
        <ol>
          {strip.map((one) => (
            <li key={one.key}>
              <Frame slug={slug} one={one} looked={one.key === looking} className={className} look={look} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function saidOf(value: Decided["value"], className: (classId: number) => string): string {
  if (value === null) return "skipped";
  return value.type === "choice" ? className(value.class_id) : counted(value.shapes.length, "shape");
}

const STATES = { waiting: "on its way", saved: "saved", refused: "not saved" } as const;

interface FrameProps extends Pick<Props, "slug" | "className" | "look"> {
  one: Decided;
  looked: boolean;
}

function Frame({ slug, one, looked, className, look }: FrameProps) {
  const { item } = one.card;
  // A thumbnail that could not be fetched is asked for again when the connection changes.
  const connection = useConnection((state) => state.connection);
  const classId = classOf(one.value);
  const said = saidOf(one.value, className);
  const tip = one.problem ? `Not saved: ${one.problem}` : `${said}, ${item.name}, ${STATES[one.state]}`;
  return (
    <button
      type="button"
      className="strip-frame"
      data-state={one.state}
      aria-label={one.flag ? `${tip}, flagged` : tip}
      aria-current={looked || undefined}
      title={tip}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => look(one.key)}
    >
      <img
        key={connection}
        src={thumbUrl(slug, item.id, 256, item.sha256)}
        alt=""
        draggable={false}
        onError={(event) => {
          event.currentTarget.style.visibility = "hidden";
        }}
      />
      <span className="strip-said">
        <span className="strip-colour" style={classId === null ? undefined : { background: classLook(classId).fill }} />
        <bdi>{one.state === "refused" ? "not saved" : said}</bdi>
      </span>
      {one.flag && <span className="strip-flag" aria-hidden="true" />}
    </button>
  );
}
