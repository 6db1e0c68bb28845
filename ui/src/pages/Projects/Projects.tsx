// The first page: all projects, and the drop zone that starts a new one.
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation, useSearch } from "wouter";
import { projectsQuery } from "../../api/queries";
import { ErrorNote } from "../../parts/ErrorNote";
import { NewProject } from "./NewProject";
import { busy, ProjectCard } from "./ProjectCard";
import "./projects.css";

export function Projects() {
  // A running import moves; the list has no events of its own, so it is asked again while one runs.
  const projects = useQuery({
    ...projectsQuery,
    refetchInterval: (query) => (query.state.data?.some(busy) ? 1500 : false),
  });
  const [, go] = useLocation();
  const wanted = new URLSearchParams(useSearch()).has("new");

  if (projects.error && !projects.data) {
    return (
      <div className="page">
        <h1>Projects</h1>
        <ErrorNote error={projects.error} retry={() => void projects.refetch()} />
      </div>
    );
  }
  if (!projects.data) {
    return (
      <div className="page" aria-busy="true">
        <h1>Projects</h1>
        <p className="quiet">Loading</p>
      </div>
    );
  }
  if (projects.data.length === 0) {
    return (
      <div className="page start">
        <div>
          <h1>Start with your images</h1>
          <p className="quiet start-lead">
            Label a few; a model trains while you work, suggests the rest, and asks only about what it does not know
            yet.
          </p>
        </div>
        <NewProject first />
      </div>
    );
  }
  if (wanted) {
    return (
      <div className="page start">
        <h1>New project</h1>
        <NewProject first={false} onCancel={() => go("/")} />
      </div>
    );
  }
  return (
    <div className="page">
      <div className="row">
        <h1>Projects</h1>
        <span className="gap" />
        <Link className="button" data-look="primary" href="/?new">
          New project
        </Link>
      </div>
      <ul className="project-cards">
        {projects.data.map((card) => (
          <ProjectCard key={card.slug} card={card} />
        ))}
      </ul>
    </div>
  );
}
