// Deletes a project after its name has been typed. A dialog, because it is rare and cannot be undone.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Dialog } from "radix-ui";
import { useState } from "react";
import { api, unwrap } from "../../api/client";
import { folded } from "../../model/classes";
import { counted } from "../../model/figures";
import { Button } from "../../parts/Button";
import { ErrorNote } from "../../parts/ErrorNote";
import { Field } from "../../parts/Field";

interface Props {
  slug: string;
  name: string;
  labels: number;
}

export function DeleteProject({ slug, name, labels }: Props) {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const cache = useQueryClient();
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/projects/{slug}", { params: { path: { slug } } })),
    onSuccess: async () => {
      setOpen(false);
      cache.removeQueries({ queryKey: ["project", slug] });
      await cache.invalidateQueries({ queryKey: ["projects"] });
    },
  });
  const same = folded(typed) === folded(name);
  return (
    <Dialog.Root
      open={open}
      onOpenChange={(now) => {
        setOpen(now);
        setTyped("");
        remove.reset();
      }}
    >
      <Dialog.Trigger asChild>
        <Button look="plain" aria-label={`Delete ${name}`}>
          Delete
        </Button>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="dialog-veil" />
        <Dialog.Content className="dialog">
          <Dialog.Title>
            Delete <bdi>{name}</bdi>
          </Dialog.Title>
          <Dialog.Description>
            {labels === 0
              ? "It has no labels yet."
              : `Its ${counted(labels, "label")} will be gone for good; export them first if you may need them.`}{" "}
            The images it points at stay where they are.
          </Dialog.Description>
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault();
              if (same) remove.mutate();
            }}
          >
            <Field label={`Type the name to confirm: ${name}`}>
              {(control) => (
                <input
                  {...control}
                  type="text"
                  autoComplete="off"
                  value={typed}
                  onChange={(event) => setTyped(event.target.value)}
                />
              )}
            </Field>
            {remove.error && <ErrorNote error={remove.error} />}
            <div className="row dialog-end">
              <Dialog.Close asChild>
                <Button>Keep it</Button>
              </Dialog.Close>
              <Button look="danger" type="submit" disabled={!same || remove.isPending}>
                Delete for good
              </Button>
            </div>
          </form>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
