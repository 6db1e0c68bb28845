// The state of a batch as a sign, told apart by shape; the word stands beside it.
import type { Look } from "../../model/batches";

const SIGNS: Record<Look, string> = {
  arriving: "M12 7v5l3.5 2.5",
  changed: "M12 8v5.2M12 16.4v.1",
  same: "M8 10.4h8M8 14h8",
  done: "M7.5 12.5l3 3 6-7",
  plain: "M8 12h8",
};

export function BatchMark({ look, size = 24 }: { look: Look; size?: number }) {
  return (
    <svg className="batch-mark" data-look={look} viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      {look === "changed" ? (
        <path d="M12 2.8 22 20.4H2z" />
      ) : (
        <circle cx="12" cy="12" r="9.5" strokeDasharray={look === "arriving" ? "3 2.6" : undefined} />
      )}
      <path d={SIGNS[look]} />
    </svg>
  );
}
