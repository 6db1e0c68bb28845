// The thin bar on top: project, page tabs, whether everything is saved, the person, light or dark. Pages go below.
import { type ReactNode, useEffect, useRef } from "react";
import { Link, useRoute } from "wouter";
import { useProjectEvents, usePulse } from "../api/events";
import { useMe, useProject } from "../api/queries";
import { FallenNote } from "./FallenNote";
import { ConnectionNote, SyncMark } from "./SyncMark";
import { labelOf, Tabs, useNarrow } from "./Tabs";
import { ThemeSwitch } from "./ThemeSwitch";
import "./frame.css";

export function Frame({ children }: { children: ReactNode }) {
  const [inProject, params] = useRoute("/p/:slug/*?");
  const slug = inProject && params ? params.slug : null;
  useProjectEvents(slug);
  const me = useMe();
  useFocusOnNewPage(`${slug ?? ""}/${params?.["*"]?.split("/")[0] ?? ""}`);
  return (
    <div className="frame">
      <button type="button" className="skip-link" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the page
      </button>
      <header className="bar">
        <Link className="bar-home" href="/" aria-label="All projects">
          <img src="./icon.svg" alt="" width="20" height="20" />
        </Link>
        {slug ? <ProjectTabs slug={slug} page={params?.["*"]?.split("/")[0] ?? ""} /> : <strong>modicum</strong>}
        <span className="bar-gap" />
        <SyncMark />
        {me.data && <Person name={me.data.annotator} slug={slug} page={params?.["*"]?.split("/")[0] ?? ""} />}
        <ThemeSwitch />
      </header>
      <div className="notes">
        <ConnectionNote />
        {slug && <FallenNote key={slug} slug={slug} page={params?.["*"]?.split("/")[0] ?? ""} />}
      </div>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

/** Who is at the keyboard; in a project it leads to their own page. */
function Person({ name, slug, page }: { name: string; slug: string | null; page: string }) {
  const narrow = useNarrow();
  if (!slug) return <span className="bar-person">{name}</span>;
  if (narrow) return null; // the menu of pages has it
  return (
    <Link
      className="bar-person"
      href={`/p/${slug}/mine`}
      aria-current={page === "mine" ? "page" : undefined}
      title={`${name}: your own figures in this project`}
      onMouseDown={(event) => event.preventDefault()}
    >
      You
    </Link>
  );
}

/** A tab keeps the focus otherwise, and Enter would go there again instead of accepting the suggestion. */
function useFocusOnNewPage(page: string): void {
  const shown = useRef(page);
  useEffect(() => {
    if (shown.current === page) return;
    shown.current = page;
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [page]);
}

function ProjectTabs({ slug, page }: { slug: string; page: string }) {
  const project = useProject(slug);
  const pulse = usePulse(slug);
  const name = project.data?.project.name ?? slug;
  const tab = labelOf(page);
  useEffect(() => {
    document.title = tab ? `${tab} - ${name}` : name;
    return () => {
      document.title = "modicum";
    };
  }, [tab, name]);
  const training = pulse?.training ?? project.data?.training ?? false;
  return (
    <>
      <bdi className="bar-project" title={name}>
        {name}
      </bdi>
      <Tabs slug={slug} current={page} task={project.data?.project.task_schema.task ?? "classify"} />
      {training && (
        <span className="bar-training quiet small" role="status">
          training
        </span>
      )}
    </>
  );
}
