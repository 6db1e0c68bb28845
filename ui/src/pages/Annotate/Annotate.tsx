// The Annotate page of one project.
export function Annotate({ slug }: { slug: string; item: number | null }) {
  return (
    <div className="page">
      <h1>Annotate</h1>
      <p className="quiet">{slug}</p>
    </div>
  );
}
