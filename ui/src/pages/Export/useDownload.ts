// Downloads an export through fetch instead of a plain link, so that an error appears on the page and not in a saved file.
import { useRef, useState } from "react";
import { ApiError, basePath } from "../../api/client";
import { handOver } from "../../api/download";
import { size } from "../../model/figures";

interface Wanted {
  slug: string;
  format: string;
  predictions: boolean;
  /** With the facts of the certificates, in a zip. */
  certificates: boolean;
  file: string;
}

export interface Download {
  /** Bytes received while it runs, else null. */
  received: number | null;
  error: Error | null;
  done: string;
  start: (wanted: Wanted) => Promise<void>;
  stop: () => void;
}

export function useDownload(): Download {
  const [received, setReceived] = useState<number | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [done, setDone] = useState("");
  const abort = useRef<AbortController | null>(null);
  const start = async (wanted: Wanted) => {
    abort.current = new AbortController();
    setReceived(0);
    setError(null);
    setDone("");
    try {
      const blob = await fetchExport(wanted, abort.current.signal, setReceived);
      handOver(blob, wanted.file);
      setDone(`${wanted.file}, ${size(blob.size)}`);
    } catch (problem) {
      if (!abort.current.signal.aborted) setError(problem instanceof Error ? problem : new Error(String(problem)));
    } finally {
      setReceived(null);
    }
  };
  return { received, error, done, start, stop: () => abort.current?.abort() };
}

async function fetchExport(wanted: Wanted, signal: AbortSignal, tell: (bytes: number) => void): Promise<Blob> {
  const { format, predictions, certificates } = wanted;
  const query = new URLSearchParams({
    format,
    predictions: String(predictions),
    certificates: String(certificates),
  });
  let response: Response;
  try {
    response = await fetch(`${basePath}/api/projects/${encodeURIComponent(wanted.slug)}/export?${query}`, { signal });
  } catch {
    throw new ApiError(0, "The server does not answer. Check that modicum is still running, then download again.");
  }
  if (!response.ok || !response.body) throw await refused(response);
  let bytes = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, out) {
        bytes += piece.byteLength;
        tell(bytes);
        out.enqueue(piece);
      },
    }),
  );
  try {
    // Chromium and Firefox keep a large blob on disk, so a zip of images does not have to fit into memory.
    return await new Response(counted, {
      headers: { "content-type": response.headers.get("content-type") ?? "" },
    }).blob();
  } catch {
    throw new ApiError(0, "The download broke off before its end, and nothing was saved. Download again.");
  }
}

async function refused(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const said = body && typeof body === "object" && "message" in body ? String(body.message) : null;
  return new ApiError(
    response.status,
    said ?? `The server answered with status ${response.status} and no explanation.`,
  );
}
