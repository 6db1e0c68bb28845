// Reading hooks, one for each thing the server tells, and the cache behind them.
import { QueryClient, queryOptions, useQuery } from "@tanstack/react-query";
import { ApiError, api, unwrap } from "./client";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (count, error) => error instanceof ApiError && error.passing && error.status !== 401 && count < 4,
    },
  },
});

const at = (slug: string) => ({ params: { path: { slug } } });

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: () => unwrap(api.GET("/api/me")),
  staleTime: Number.POSITIVE_INFINITY,
});

export const projectsQuery = queryOptions({
  queryKey: ["projects"],
  queryFn: () => unwrap(api.GET("/api/projects")),
});

export const projectQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug],
    queryFn: () => unwrap(api.GET("/api/projects/{slug}", at(slug))),
  });

export const importQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "import"],
    queryFn: () => unwrap(api.GET("/api/projects/{slug}/import", at(slug))),
  });

export const rejectionsQuery = (slug: string, offset = 0, limit = 100) =>
  queryOptions({
    queryKey: ["project", slug, "rejections", offset, limit],
    queryFn: () =>
      unwrap(api.GET("/api/projects/{slug}/rejections", { params: { path: { slug }, query: { offset, limit } } })),
  });

export const validateQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "validate"],
    queryFn: () => unwrap(api.GET("/api/projects/{slug}/validate", at(slug))),
  });

/** As many as one page of the server holds; what was decided makes room for more. */
export const suspectsQuery = (slug: string, limit = 100) =>
  queryOptions({
    queryKey: ["project", slug, "suspects", limit],
    queryFn: () => unwrap(api.GET("/api/projects/{slug}/suspects", { params: { path: { slug }, query: { limit } } })),
  });

export const progressQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "progress"],
    queryFn: () => unwrap(api.GET("/api/projects/{slug}/progress", at(slug))),
  });

export const billQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "bill"],
    queryFn: () => unwrap(api.GET("/api/projects/{slug}/bill", at(slug))),
  });

export const mineQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "mine"],
    queryFn: () => unwrap(api.GET("/api/projects/{slug}/mine", at(slug))),
  });

/** `batch`: the job of one, for what its items alone could say. */
export const certificatesQuery = (slug: string, batch: number | null = null) =>
  queryOptions({
    queryKey: ["project", slug, "certificates", batch],
    queryFn: () =>
      unwrap(
        api.GET("/api/projects/{slug}/certificates", {
          params: { path: { slug }, query: batch === null ? {} : { batch } },
        }),
      ),
  });

export const batchesQuery = (slug: string) =>
  queryOptions({
    queryKey: ["project", slug, "batches"],
    queryFn: () => unwrap(api.GET("/api/projects/{slug}/batches", at(slug))),
  });

export const batchQuery = (slug: string, number: number) =>
  queryOptions({
    queryKey: ["project", slug, "batches", number],
    queryFn: () => unwrap(api.GET("/api/projects/{slug}/batches/{number}", { params: { path: { slug, number } } })),
  });

export const historyQuery = (slug: string, limit = 20) =>
  queryOptions({
    queryKey: ["project", slug, "history", limit],
    queryFn: () => unwrap(api.GET("/api/projects/{slug}/history", { params: { path: { slug }, query: { limit } } })),
  });

export const useMe = () => useQuery(meQuery);
export const useProjects = () => useQuery(projectsQuery);
export const useProject = (slug: string) => useQuery(projectQuery(slug));
export const useImport = (slug: string) => useQuery(importQuery(slug));
export const useRejections = (slug: string, offset?: number, limit?: number) =>
  useQuery(rejectionsQuery(slug, offset, limit));
export const useMine = (slug: string) => useQuery(mineQuery(slug));
export const useValidate = (slug: string) => useQuery(validateQuery(slug));
export const useBill = (slug: string) => useQuery({ ...billQuery(slug), refetchInterval: 5_000 });
export const useCertificates = (slug: string, batch?: number) => useQuery(certificatesQuery(slug, batch));
// A batch is compared in the background, and its report waits for the next model.
export const useBatches = (slug: string) =>
  useQuery({
    ...batchesQuery(slug),
    refetchInterval: ({ state }) => (state.data?.batches.some((one) => one.state === "arriving") ? 2_000 : false),
  });
export const useBatch = (slug: string, number: number) =>
  useQuery({
    ...batchQuery(slug, number),
    refetchInterval: ({ state }) =>
      state.data?.report?.pending || state.data?.batch.state === "arriving" ? 2_000 : false,
  });
/** Seconds one label takes, as measured; null while that is not known. */
export const usePace = (slug: string): number | null =>
  useQuery({ ...progressQuery(slug), select: (progress) => progress.seconds_per_label }).data ?? null;
// The random control is computed in the background and comes a few seconds after it was first asked for.
export const useProgress = (slug: string) => useQuery({ ...progressQuery(slug), refetchInterval: 5_000 });
// Labels are judged in the background, once a round.
export const useSuspects = (slug: string, limit?: number) =>
  useQuery({ ...suspectsQuery(slug, limit), refetchInterval: ({ state }) => (state.data?.checking ? 1_500 : false) });
