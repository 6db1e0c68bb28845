// The Settings page of one project.
export function Settings({ slug }: { slug: string }) {
  return (
    <div className="page">
      <h1>Settings</h1>
      <p className="quiet">{slug}</p>
    </div>
  );
}
