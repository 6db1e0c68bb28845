// The state of a certificate as a sign, told apart by shape; the word stands beside it.
import type { Look } from "../model/certificates";

const SIGNS: Record<Look, string> = {
  drawing: "M12 7v5l3.5 2.5",
  issued: "M7.5 12.5l3 3 6-7",
  uncertified: "M9.2 9.4a2.9 2.9 0 1 1 4.2 2.9c-1 .5-1.4 1-1.4 2M12 17.2v.1",
  quarantined: "M10 8.5v7M14 8.5v7",
  refused: "M8 12h8",
  revoked: "M9 9l6 6M15 9l-6 6",
  withdrawn: "M15.5 15.5v-3a2.5 2.5 0 0 0-2.5-2.5H8.5M10.5 8l-2 2 2 2",
};

export function StateMark({ look }: { look: Look }) {
  return (
    <svg className="state-mark" data-look={look} viewBox="0 0 24 24" width="28" height="28" aria-hidden="true">
      <circle
        cx="12"
        cy="12"
        r="9.5"
        strokeDasharray={look === "drawing" || look === "uncertified" ? "3 2.6" : undefined}
      />
      <path d={SIGNS[look]} />
    </svg>
  );
}
