// The Import page of one project.
export function Import({ slug }: { slug: string }) {
  return (
    <div className="page">
      <h1>Import</h1>
      <p className="quiet">{slug}</p>
    </div>
  );
}
