// The Export page of one project.
export function Export({ slug }: { slug: string }) {
  return (
    <div className="page">
      <h1>Export</h1>
      <p className="quiet">{slug}</p>
    </div>
  );
}
