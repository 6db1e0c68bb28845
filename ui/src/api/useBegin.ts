// Starts a certificate: of all unlabeled items, or of those of one batch.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap, type Wire } from "./client";

export function useBegin(slug: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({
      batch = null,
      method = "fixed",
    }: {
      batch?: number | null;
      method?: Wire["NewCertificate"]["method"];
    }) =>
      unwrap(
        api.POST("/api/projects/{slug}/certificates", {
          params: { path: { slug } },
          body: { calibration: null, batch, method },
        }),
      ),
    onSettled: () => cache.invalidateQueries({ queryKey: ["project", slug] }),
  });
}
