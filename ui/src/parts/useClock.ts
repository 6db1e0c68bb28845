// The clock of what is on the screen: it starts again with every item or page, and a hidden tab does not count.
import { useEffect, useLayoutEffect, useState } from "react";
import { ItemClock } from "../model/clock";

/** `shown` names what is on the screen; a new name starts the clock. */
export function useClock(shown: number | null): ItemClock {
  const [clock] = useState(() => new ItemClock());
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new item starts the clock
  useLayoutEffect(() => clock.start(performance.now(), !document.hidden), [clock, shown]);
  useEffect(() => {
    const seen = () => (document.hidden ? clock.hide(performance.now()) : clock.stir(performance.now()));
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [clock]);
  return clock;
}
