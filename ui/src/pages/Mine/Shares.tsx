// Shares with their intervals, one under the other on one scale: a dot, and a line for what it may really be.
import { count, percent, range } from "../../model/figures";
import type { Share } from "../../model/mine";

export function Shares({ shares }: { shares: readonly Share[] }) {
  const most = Math.min(1, Math.max(0.2, ...shares.map((one) => one.interval.high)) * 1.05);
  const at = (share: number) => `${(100 * share) / most}%`;
  return (
    <dl className="shares">
      {shares.map(({ label, hit, of, interval }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <span className="shares-track" aria-hidden="true">
              <span
                className="shares-range"
                style={{ left: at(interval.low), width: at(interval.high - interval.low) }}
              />
              <span className="shares-dot" style={{ left: at(interval.mean) }} />
            </span>
            <span className="number" title={`${range(interval)} with 95% certainty`}>
              <strong>{percent(interval.mean)}</strong>{" "}
              <span className="quiet small">
                {count(hit)} of {count(of)}
              </span>
            </span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
