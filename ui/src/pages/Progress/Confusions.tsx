// Which classes the model takes for each other, with the images it got wrong.
import { Link } from "wouter";
import type { Wire } from "../../api/client";
import { confusionSaid } from "../../model/progress";
import { Thumb } from "../../parts/Thumb";

interface Props {
  slug: string;
  confusions: readonly Wire["Confusion"][];
  name: (id: number) => string;
}

const SHOWN = 6;

export function Confusions({ slug, confusions, name }: Props) {
  return (
    <section className="card stack" aria-labelledby="confusions">
      <h2 id="confusions">Taken for each other</h2>
      {confusions.length === 0 ? (
        <p className="quiet">
          None so far. What the model gets wrong appears here as pairs of classes with their images: on held-out images,
          and where somebody corrected a suggestion.
        </p>
      ) : (
        <ul className="confusions">
          {confusions.slice(0, SHOWN).map((confusion) => {
            const said = confusionSaid(confusion, name);
            return (
              <li key={`${confusion.actual} ${confusion.predicted}`}>
                <p>
                  <bdi>{said}</bdi>
                </p>
                <div className="confusion-thumbs">
                  {confusion.items.slice(0, 6).map((id, at) => (
                    <Link
                      key={id}
                      href={`/p/${slug}/annotate/${id}`}
                      aria-label={`Image ${at + 1}: ${name(confusion.actual)} taken for ${name(confusion.predicted)}`}
                    >
                      <Thumb slug={slug} itemId={id} alt="" size={128} />
                    </Link>
                  ))}
                </div>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
