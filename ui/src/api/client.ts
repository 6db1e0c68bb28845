// The thin client: typed calls, errors as ApiError, and the state of the connection that the frame shows.
import createClient, {
  type ClientPathsWithMethod,
  type Client as Fetching,
  type MaybeOptionalInit,
} from "openapi-fetch";
import { create } from "zustand";
import type { components, paths } from "./schema";

export type Wire = components["schemas"];

/** Where the interface is mounted: the server writes <base href>, "/" or a prefix. */
const base = new URL(document.baseURI);
export const basePath = base.pathname.replace(/\/$/, "");

/** online: the last call was answered. offline: it never arrived. signed-out: the server wants a new login. */
export type Connection = "online" | "offline" | "signed-out";

interface ConnectionState {
  connection: Connection;
  set: (connection: Connection) => void;
}

export const useConnection = create<ConnectionState>()((set) => ({
  connection: "online",
  set: (connection) => set((now) => (now.connection === connection ? now : { connection })),
}));

/** A refused or failed call. `status` is 0 when the server was not reached; `path` points into what was sent. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly path: string | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** Worth sending again unchanged: the server was away, busy or broken, or wants a login. */
  get passing(): boolean {
    return this.status === 0 || this.status === 401 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

async function watchedFetch(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    useConnection.getState().set(response.status === 401 ? "signed-out" : "online");
    return response;
  } catch (error) {
    if (!request.signal.aborted) {
      useConnection.getState().set("offline");
    }
    throw error;
  }
}

type Verb = "get" | "put" | "post" | "patch" | "delete";
type Ok<O> = O extends { responses: infer R } ? JsonOf<R[keyof R & (200 | 201 | 204)]> : never;
type JsonOf<R> = R extends { content: infer C } ? C[keyof C] : undefined;

/** openapi-fetch's calls, answering with the schema's own types: its own turn every pair of numbers into a plain array. */
type Call<M extends Verb> = <
  P extends ClientPathsWithMethod<Fetching<paths>, M>,
  I extends MaybeOptionalInit<paths[P], M>,
>(
  path: P,
  ...init: undefined extends I ? [I?] : [I]
) => Promise<Answer<Ok<paths[P][M]>>>;

interface Client {
  GET: Call<"get">;
  PUT: Call<"put">;
  POST: Call<"post">;
  PATCH: Call<"patch">;
  DELETE: Call<"delete">;
}

export const api = createClient<paths>({
  baseUrl: `${base.origin}${basePath}`,
  fetch: watchedFetch,
}) as unknown as Client;

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** `await unwrap(api.GET(...))`: the data, or an ApiError with a line for a person. */
export async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") {
      throw error;
    }
    throw new ApiError(0, "The server does not answer. Check that modicum is still running.");
  }
  if (!answer.response.ok) {
    throw problem(answer.response.status, answer.error);
  }
  // A 204 has no data; its callers expect none.
  return answer.data as T;
}

function problem(status: number, body: unknown): ApiError {
  if (body && typeof body === "object" && "message" in body && typeof body.message === "string") {
    const path = "path" in body && typeof body.path === "string" ? body.path : null;
    return new ApiError(status, body.message, path);
  }
  return new ApiError(status, `The server answered with status ${status} and no explanation.`);
}

/** Address of an item's image as it was imported. The hash makes it safe to cache for ever. */
export function imageUrl(slug: string, item: Pick<Wire["Item"], "id" | "sha256">): string {
  return `${basePath}/api/projects/${encodeURIComponent(slug)}/items/${item.id}/image?v=${item.sha256.slice(0, 12)}`;
}

/** Address of an item's thumbnail; `size` is the longer side in pixels, 64 to 1024. */
export function thumbUrl(slug: string, itemId: number, size = 256, sha256?: string): string {
  const version = sha256 ? `&v=${sha256.slice(0, 12)}` : "";
  return `${basePath}/api/projects/${encodeURIComponent(slug)}/items/${itemId}/thumb?size=${size}${version}`;
}
