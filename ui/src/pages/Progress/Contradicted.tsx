// How many labels the model and the neighbours contradict, with the way to look at them again; nothing while there are none.
import { Link } from "wouter";
import { useSuspects } from "../../api/queries";
import { counted } from "../../model/figures";

export function Contradicted({ slug }: { slug: string }) {
  const { data } = useSuspects(slug, 0);
  if (!data || data.total === 0) return null;
  return (
    <p>
      <Link href={`/p/${slug}/review`}>
        {counted(data.total, "label is", "labels are")} contradicted by the model and by similar images: take a second
        look
      </Link>
    </p>
  );
}
