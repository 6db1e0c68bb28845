// The first page: all projects, and the drop zone that starts a new one.
export function Projects() {
  return (
    <div className="page">
      <h1>Projects</h1>
    </div>
  );
}
