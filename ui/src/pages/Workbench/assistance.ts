// Assisted drawing as the page sees it: the route that answers clicks, and images a segmenter looks at ahead of them.
import { useEffect, useMemo, useState } from "react";
import { api, unwrap } from "../../api/client";
import type { Card } from "../../model/cards";
import type { Geometry } from "../../model/shape";
import type { Asked } from "../../tools/tool";

interface Assistance {
  /** Whether the server has a segmenter. */
  model: boolean;
  ask: (question: Asked) => Promise<readonly Geometry[]>;
}

export function useAssistance(slug: string, itemId: number | null, next: readonly Card[]): Assistance {
  const [model, setModel] = useState(false);
  const ids = next.map((card) => card.item.id).join(" ");
  useEffect(() => {
    const items = ids === "" ? [] : ids.split(" ").map(Number);
    const call = api.POST("/api/projects/{slug}/assist", { params: { path: { slug } }, body: { items } });
    // Without an answer there is no segmenter, and nothing is lost.
    unwrap(call).then(
      (said) => setModel(said.model),
      () => {},
    );
  }, [slug, ids]);
  const ask = useMemo(() => {
    return async (question: Asked): Promise<readonly Geometry[]> => {
      if (itemId === null) return [];
      const params = { path: { slug, item_id: itemId } };
      const body = { points: [], labels: [], scribbles: [], reach: 10, width: 6, ...question };
      const call = api.POST("/api/projects/{slug}/items/{item_id}/assist", { params, body });
      return (await unwrap(call)).proposals;
    };
  }, [slug, itemId]);
  return { model, ask };
}
