// Live news of a project by server-sent events: keeps the query cache fresh and hands out the last pulse.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { create } from "zustand";
import { basePath, useConnection, type Wire } from "./client";

type Pulse = Wire["Pulse"];

interface Pulses {
  pulses: Record<string, Pulse>;
}

const usePulses = create<Pulses>()(() => ({ pulses: {} }));

/** The last pulse of a project; undefined before the first. Useful as an effect dependency. */
export function usePulse(slug: string): Pulse | undefined {
  return usePulses((state) => state.pulses[slug]);
}

/**
 * Listens while the tab is visible. A hidden tab hangs up: a browser allows six connections to one server,
 * and six forgotten tabs must not silence the seventh.
 */
export function useProjectEvents(slug: string | null): void {
  const client = useQueryClient();
  useEffect(() => {
    if (slug === null) {
      return;
    }
    let source: EventSource | null = null;
    const hear = (event: MessageEvent<string>) => {
      useConnection.getState().set("online");
      const pulse = JSON.parse(event.data) as Pulse;
      usePulses.setState((state) => ({ pulses: { ...state.pulses, [slug]: pulse } }));
      void client.invalidateQueries({ queryKey: ["project", slug] });
      if (pulse.job && pulse.job.state !== "running" && pulse.job.state !== "queued") {
        void client.invalidateQueries({ queryKey: ["projects"] });
      }
    };
    const listen = () => {
      if (document.hidden) {
        source?.close();
        source = null;
      } else if (source === null) {
        source = new EventSource(`${basePath}/api/projects/${encodeURIComponent(slug)}/events`);
        source.onmessage = hear;
      }
    };
    listen();
    document.addEventListener("visibilitychange", listen);
    return () => {
      document.removeEventListener("visibilitychange", listen);
      source?.close();
    };
  }, [client, slug]);
}
