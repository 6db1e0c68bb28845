// What stands in the place of the curve before there is one: its shape in grey, and what will bring it.
import { Link } from "wouter";

interface Props {
  slug: string;
  items: number;
  title: string;
  text: string;
}

export function NoCurve({ slug, items, title, text }: Props) {
  return (
    <section className="card no-curve">
      <svg viewBox="0 0 320 120" aria-hidden="true">
        <path className="no-curve-axis" d="M20 8v96h292" />
        <path className="no-curve-band" d="M30 92C70 40 120 26 300 18V34C130 44 80 62 30 104z" />
        <path className="no-curve-line" d="M30 98C75 50 125 34 300 26" />
      </svg>
      <h2>{title}</h2>
      <p className="quiet">{text}</p>
      {items > 0 ? (
        <Link className="button" data-look="primary" href={`/p/${slug}/annotate`}>
          Label images
        </Link>
      ) : (
        <Link className="button" data-look="primary" href={`/p/${slug}/import`}>
          Import images
        </Link>
      )}
    </section>
  );
}
