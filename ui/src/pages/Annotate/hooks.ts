// What keeps the Annotate page in step: its URL, news from the server, and images fetched ahead.
import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { imageUrl, thumbUrl, type Wire } from "../../api/client";
import { usePulse } from "../../api/events";
import { writeLater } from "../../api/tab";
import { Pictures } from "./pictures";

/** The URL names the item on the stage, without new entries in the browser's history; a new URL opens its item. */
export function useItemUrl(
  slug: string,
  inUrl: number | null,
  onStage: number | null,
  open: (itemId: number | null) => Promise<void>,
  claimed: boolean,
): void {
  const [, navigate] = useLocation();
  const written = useRef<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new URL opens something
  useEffect(() => {
    if (inUrl === null || inUrl !== written.current) {
      void open(inUrl !== null && Number.isInteger(inUrl) ? inUrl : null);
    }
  }, [inUrl]);
  useEffect(() => {
    if (onStage === inUrl || (onStage === null && !claimed)) return;
    // After the item has been painted: writing the address costs a good part of a frame.
    const address = onStage === null ? `/p/${slug}/annotate` : `/p/${slug}/annotate/${onStage}`;
    return writeLater(address, 50, () => {
      written.current = onStage;
      navigate(address, { replace: true });
    });
  }, [slug, inUrl, onStage, claimed, navigate]);
}

/** Claims again when the project has news, and every other second while somebody waits for an item. */
export function useNews(slug: string, refill: () => Promise<void>, waiting: boolean): void {
  const pulse = usePulse(slug);
  // biome-ignore lint/correctness/useExhaustiveDependencies: news are the trigger
  useEffect(() => {
    void refill();
  }, [pulse?.round, pulse?.items, pulse?.labeled]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the session behind `refill` stays the same
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(() => void refill(), 2000);
    return () => clearInterval(timer);
  }, [waiting]);
}

export function usePictures(slug: string, items: readonly Wire["Item"][]): Pictures {
  const [pictures] = useState(() => new Pictures());
  useEffect(() => {
    pictures.keep(items.map((one) => ({ id: one.id, url: imageUrl(slug, one), width: one.width, height: one.height })));
  });
  useEffect(() => () => pictures.keep([]), [pictures]);
  // The strip will want their thumbnails the moment they are decided.
  const coming = items.map((one) => thumbUrl(slug, one.id, 256, one.sha256)).join(" ");
  useEffect(() => {
    const timer = setTimeout(() => {
      for (const url of coming.split(" ").filter(Boolean)) new Image().src = url;
    }, 120);
    return () => clearTimeout(timer);
  }, [coming]);
  return pictures;
}
