// More data for a project that exists: the same choices as at the start. Known images are recognised and stay as they are.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link } from "wouter";
import { api, unwrap } from "../../api/client";
import { Button } from "../../parts/Button";
import { ErrorNote } from "../../parts/ErrorNote";
import { Field } from "../../parts/Field";
import { FolderLabels } from "../Projects/FolderLabels";
import { Sending } from "../Projects/NewProject";
import { type Source, SourcePicker, usable } from "../Projects/SourcePicker";
import { stopped, useSend } from "../Projects/useSend";

interface Props {
  slug: string;
  /** An import runs already: this one waits for its turn. */
  busy: boolean;
  first: boolean;
  /** There is a model: what comes now is a batch, compared with what is known. */
  trained: boolean;
}

export function AddMore({ slug, busy, first, trained }: Props) {
  const [source, setSource] = useState<Source | null>(null);
  const [fromFolders, setFromFolders] = useState(false);
  const [batch, setBatch] = useState("");
  const cache = useQueryClient();
  const { sent, send, cancel } = useSend();
  const add = useMutation({
    mutationFn: async (from: Source) => {
      const body = { source: await send(from), labels_from_folders: fromFolders, batch: batch.trim() || null };
      return unwrap(api.POST("/api/projects/{slug}/import", { params: { path: { slug } }, body }));
    },
    onSuccess: async () => {
      setSource(null);
      setBatch("");
      await cache.invalidateQueries({ queryKey: ["project", slug] });
    },
  });
  const error = add.error && !stopped(add.error) ? add.error : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (usable(source) && !add.isPending) add.mutate(source);
  };
  return (
    <section className="stack add-more" aria-labelledby="add-more">
      <h2 id="add-more">{first ? "Add images" : "Add more"}</h2>
      <p className="quiet">
        An image that is in the project already, byte for byte, is recognised and not added twice.
      </p>
      <form className="new-project" onSubmit={submit} aria-labelledby="add-more">
        <SourcePicker
          source={source}
          onChange={(now) => {
            setSource(now);
            add.reset();
          }}
          problem={null}
        />
        <FolderLabels source={source} checked={fromFolders} onChange={setFromFolders} />
        {trained && (
          <Field
            label="Name of this batch"
            hint={
              <>
                It is compared with what is known: <Link href={`/p/${slug}/triage`}>Triage</Link> brings up only what is
                new. Without a name it has its source and the date.
              </>
            }
          >
            {(control) => (
              <input {...control} maxLength={100} value={batch} onChange={(event) => setBatch(event.target.value)} />
            )}
          </Field>
        )}
        {error && <ErrorNote error={error} />}
        {sent !== null && source?.kind === "files" ? (
          <Sending sent={sent} total={source.sorted.bytes} onCancel={cancel} />
        ) : (
          <div className="row">
            <Button type="submit" look={first ? "primary" : "normal"} disabled={!usable(source) || add.isPending}>
              {busy ? "Import after the running one" : "Import"}
            </Button>
          </div>
        )}
      </form>
    </section>
  );
}
