// The Progress page of one project.
export function Progress({ slug }: { slug: string }) {
  return (
    <div className="page">
      <h1>Progress</h1>
      <p className="quiet">{slug}</p>
    </div>
  );
}
