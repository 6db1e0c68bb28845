// A figure with its 95% interval and, on hover, the number of observations behind it.
import type { Wire } from "../api/client";
import { count, countRange, withRange } from "../model/figures";

interface Props {
  value: Wire["Interval"];
  unit?: "share" | "count";
}

export function Interval({ value, unit = "share" }: Props) {
  return (
    <span className="number" title={`95% interval, from ${count(value.n)} observations`}>
      {unit === "share" ? withRange(value) : countRange(value)}
    </span>
  );
}
