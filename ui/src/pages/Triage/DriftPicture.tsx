// How much each batch differed from what was known then: a column a batch, the line above which it is no chance, new items on top.
import type { Wire } from "../../api/client";
import { driftBars, LEVEL } from "../../model/batches";
import { count } from "../../model/figures";

const HEIGHT = 120;
const STEP = 44;
const WIDE = 22;
const LEFT = 4;
const TOP = 22;

interface Props {
  points: readonly Wire["DriftPoint"][];
  current: number;
}

export function DriftPicture({ points, current }: Props) {
  const bars = driftBars(points).slice(-12);
  const width = Math.max(260, LEFT + bars.length * STEP);
  const floor = TOP + HEIGHT;
  const line = floor - LEVEL * HEIGHT;
  const said = bars.map((bar) => `batch ${bar.number}, ${bar.title}`).join("; ");
  return (
    <>
      <svg className="drift" viewBox={`0 0 ${width} ${floor + 24}`} role="img" aria-label={`Drift over time: ${said}`}>
        <path className="drift-level" d={`M0 ${line}H${width}`} />
        <path className="drift-floor" d={`M0 ${floor}H${width}`} />
        {bars.map((bar, at) => {
          const x = LEFT + at * STEP + (STEP - WIDE) / 2;
          const height = (bar.height ?? 0) * HEIGHT;
          return (
            <g key={bar.number} data-drift={bar.drift || undefined} data-current={bar.number === current || undefined}>
              <title>{bar.title}</title>
              {bar.height === null ? (
                <path className="drift-none" d={`M${x} ${floor - 6}h${WIDE}`} />
              ) : (
                <rect x={x} y={floor - height} width={WIDE} height={height} rx="2" />
              )}
              {bar.drift && <path className="drift-sign" d={`M${x + WIDE / 2} ${floor - height - 16}l6 10h-12z`} />}
              <text x={x + WIDE / 2} y={floor + 16}>
                {bar.number}
              </text>
            </g>
          );
        })}
      </svg>
      <ul className="legend small">
        <li>
          <svg className="drift-key" viewBox="0 0 14 12" width="14" height="12" aria-hidden="true">
            <path className="drift-sign" d="M7 1l6 10H1z" />
          </svg>
          differs
        </li>
        <li>
          <span className="stroke" data-of="beyond" aria-hidden="true" />
          above the line it is hardly chance
        </li>
        <li className="number">{count(bars.reduce((sum, bar) => sum + bar.found, 0))} new in all</li>
      </ul>
    </>
  );
}
