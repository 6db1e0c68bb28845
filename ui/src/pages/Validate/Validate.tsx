// The Validate page of one project.
export function Validate({ slug }: { slug: string }) {
  return (
    <div className="page">
      <h1>Validate</h1>
      <p className="quiet">{slug}</p>
    </div>
  );
}
