// Sends dropped files in parts, with progress, and can be stopped. XMLHttpRequest, because fetch does not tell how far it is.
import { uploadParts } from "../model/upload";
import { ApiError, basePath, useConnection, type Wire } from "./client";

export interface Picked {
  /** Relative to what was dropped, with "/" between its parts. */
  path: string;
  size: number;
  file: File;
}

interface Options {
  /** Bytes that have arrived so far, of all files together. */
  onProgress: (sent: number) => void;
  signal: AbortSignal;
}

const PAUSES_MS = [1000, 3000, 8000];

/** The id under which the server keeps the files: a source is then `upload:ID`. A lost connection is tried again, part by part. */
export async function sendUpload(files: readonly Picked[], { onProgress, signal }: Options): Promise<string> {
  let id: string | null = null;
  let before = 0;
  for (const part of uploadParts(files)) {
    const bytes = part.reduce((sum, file) => sum + file.size, 0);
    const sent: Wire["Upload"] = await persist(part, id, signal, (now) => onProgress(before + Math.min(now, bytes)));
    id = sent.id;
    before += bytes;
    onProgress(before);
  }
  if (id === null) {
    throw new ApiError(422, "There was nothing to send.");
  }
  return id;
}

async function persist(part: Picked[], into: string | null, signal: AbortSignal, tell: (sent: number) => void) {
  for (const pause of PAUSES_MS) {
    try {
      return await sendPart(part, into, signal, tell);
    } catch (error) {
      const again = error instanceof ApiError && error.passing && error.status !== 401 && error.status !== 507;
      if (!again) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
      signal.throwIfAborted();
    }
  }
  return sendPart(part, into, signal, tell);
}

function sendPart(part: Picked[], into: string | null, signal: AbortSignal, tell: (sent: number) => void) {
  return new Promise<Wire["Upload"]>((resolve, reject) => {
    const body = new FormData();
    for (const { file, path } of part) body.append("files", file, path);
    const request = new XMLHttpRequest();
    request.open("POST", `${basePath}/api/uploads${into === null ? "" : `?into=${encodeURIComponent(into)}`}`);
    request.responseType = "json";
    request.upload.onprogress = (event) => tell(event.loaded);
    request.onload = () => {
      useConnection.getState().set(request.status === 401 ? "signed-out" : "online");
      if (request.status >= 200 && request.status < 300) resolve(request.response as Wire["Upload"]);
      else reject(refused(request));
    };
    request.onerror = () => {
      useConnection.getState().set("offline");
      reject(
        new ApiError(0, "The connection broke while sending. Check that modicum is still running, then send again."),
      );
    };
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}

function refused(request: XMLHttpRequest): ApiError {
  const body: unknown = request.response;
  const said = body && typeof body === "object" && "message" in body && typeof body.message === "string";
  return new ApiError(
    request.status,
    said ? String(body.message) : `The server answered with status ${request.status}.`,
  );
}
