// Settings of a project: every change saves itself, says so, and can be taken back.
import { useEffect } from "react";
import { useMe, useProject } from "../../api/queries";
import { Button } from "../../parts/Button";
import { ErrorNote } from "../../parts/ErrorNote";
import { ClassesForm } from "./ClassesForm";
import { About, NameForm } from "./NameForm";
import { PolicyForm } from "./PolicyForm";
import { type Saving, useSaving } from "./useSaving";
import "./settings.css";

export function Settings({ slug }: { slug: string }) {
  const project = useProject(slug);
  const me = useMe();
  const saving = useSaving(slug);
  useFragment(project.data !== undefined);
  return (
    <div className="page settings" aria-busy={!project.data && !project.error}>
      <div className="settings-top">
        <h1>Settings</h1>
        <Mark saving={saving} />
      </div>
      {project.error && !project.data && <ErrorNote error={project.error} retry={() => void project.refetch()} />}
      {project.data && (
        <>
          <NameForm project={project.data.project} saving={saving} />
          <ClassesForm project={project.data.project} saving={saving} />
          <PolicyForm project={project.data.project} me={me.data} saving={saving} />
          <About view={project.data} home={me.data?.home} />
        </>
      )}
    </div>
  );
}

/** Other pages point at one part, such as settings#settings-routes; it is there only once the project is. */
function useFragment(ready: boolean): void {
  useEffect(() => {
    if (ready) document.getElementById(location.hash.slice(1))?.closest("section")?.scrollIntoView();
  }, [ready]);
}

const SAID = { idle: "Changes save themselves", saving: "Saving", saved: "Saved", failed: "Not saved" } as const;

function Mark({ saving }: { saving: Saving }) {
  return (
    <div className="row save-mark" data-state={saving.state}>
      <span role="status">{SAID[saving.state]}</span>
      {saving.state === "failed" && <Button onClick={saving.retry}>Try again</Button>}
      {saving.undoable && saving.state !== "failed" && (
        <Button onClick={saving.undo} disabled={saving.state === "saving"}>
          Undo: {saving.undoable}
        </Button>
      )}
    </div>
  );
}
