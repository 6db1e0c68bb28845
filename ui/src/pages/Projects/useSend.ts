// Turns a picked source into what the API takes: a path stays a path, files are sent first. One source is sent once.
import { useRef, useState } from "react";
import { sendUpload } from "../../api/upload";
import type { Source } from "./SourcePicker";

interface Send {
  /** Bytes that have arrived while sending, else null. */
  sent: number | null;
  /** The `source` of NewProject and NewImport. Throws an ApiError, or an AbortError after `cancel`. */
  send: (source: Source) => Promise<string>;
  cancel: () => void;
}

export function useSend(): Send {
  const [sent, setSent] = useState<number | null>(null);
  const abort = useRef<AbortController | null>(null);
  const done = useRef<{ source: Source; id: string } | null>(null);

  const send = async (source: Source): Promise<string> => {
    if (source.kind === "path") return source.path.trim();
    // A second try after a refused name must not send a gigabyte again.
    if (done.current?.source === source) return done.current.id;
    abort.current = new AbortController();
    setSent(0);
    try {
      const id = await sendUpload(source.sorted.taken, { onProgress: setSent, signal: abort.current.signal });
      done.current = { source, id: `upload:${id}` };
      return done.current.id;
    } finally {
      setSent(null);
    }
  };
  return { sent, send, cancel: () => abort.current?.abort(new DOMException("stopped", "AbortError")) };
}

export function stopped(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
