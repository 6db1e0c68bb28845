// An error where its cause is: one line for a person, and a way to go on.
import type { ReactNode } from "react";
import { Button } from "./Button";

interface Props {
  error: unknown;
  retry?: (() => void) | undefined;
  children?: ReactNode;
}

export function ErrorNote({ error, retry, children }: Props) {
  return (
    <div className="error-note" role="alert">
      <p>{error instanceof Error ? error.message : String(error)}</p>
      {children}
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}
