// A shape as lines of an SVG in the pixels of its image.
import type { Wire } from "../../api/client";
import { classLook } from "../../model/palette";
import type { GeometryOf, Point } from "../../model/shape";

interface Props {
  shape: Wire["Shape"];
  entry: Wire["Class"] | undefined;
  /** One pixel of the screen in pixels of the image. */
  unit: number;
  wrong: boolean;
}

export function ShapeLines({ shape, entry, unit, wrong }: Props) {
  const colour = entry?.colour ?? classLook(shape.class_id).colour;
  return (
    <g
      className="shape-lines"
      data-wrong={wrong || undefined}
      stroke={colour}
      fill={colour}
      strokeWidth={2 * unit}
      strokeDasharray={wrong ? `${4 * unit} ${4 * unit}` : undefined}
    >
      <Geometry shape={shape} entry={entry} unit={unit} />
    </g>
  );
}

function Geometry({ shape: { geometry: g }, entry, unit }: Omit<Props, "wrong">) {
  switch (g.kind) {
    case "box":
      return <rect x={g.x} y={g.y} width={g.w} height={g.h} />;
    case "rotated":
      return (
        <rect
          x={g.cx - g.w / 2}
          y={g.cy - g.h / 2}
          width={g.w}
          height={g.h}
          transform={`rotate(${g.angle} ${g.cx} ${g.cy})`}
        />
      );
    case "ellipse":
      return <ellipse cx={g.cx} cy={g.cy} rx={g.rx} ry={g.ry} transform={`rotate(${g.angle} ${g.cx} ${g.cy})`} />;
    case "polygon":
      return <path d={g.rings.map((ring) => `${path(ring)}Z`).join("")} fillRule="evenodd" />;
    case "polyline":
      return <path d={path(g.points)} fill="none" />;
    case "points":
      return <Dots points={g.points} unit={unit} />;
    case "skeleton":
      return <Bones geometry={g} edges={entry?.skeleton?.edges ?? []} unit={unit} />;
    case "mask":
      return <path d={runs(g)} stroke="none" className="shape-mask" />;
  }
}

function path(points: readonly Point[]): string {
  return points.map(([x, y], at) => `${at === 0 ? "M" : "L"}${x} ${y}`).join("");
}

function Dots({ points, unit }: { points: readonly Point[]; unit: number }) {
  return points.map(([x, y]) => <circle key={`${x} ${y}`} cx={x} cy={y} r={3 * unit} className="shape-dot" />);
}

interface BonesProps {
  geometry: GeometryOf<"skeleton">;
  edges: readonly (readonly [number, number])[];
  unit: number;
}

function Bones({ geometry: { nodes }, edges, unit }: BonesProps) {
  const there = nodes.map(([x, y, seen]): Point | null => (seen === 0 ? null : [x, y]));
  const lines = edges.flatMap(([a, b]) => {
    const [from, to] = [there[a], there[b]];
    return from && to ? [path([from, to])] : [];
  });
  return (
    <>
      <path d={lines.join("")} fill="none" />
      <Dots points={there.filter((point) => point !== null)} unit={unit} />
    </>
  );
}

/** Every run as a bar of one pixel's height. */
function runs({ x, y, w, counts }: GeometryOf<"mask">): string {
  const bars: string[] = [];
  let at = 0;
  for (const [index, length] of counts.entries()) {
    // A run may go on in the next rows.
    for (let left = index % 2 === 1 ? length : 0, from = at; left > 0; ) {
      const column = from % w;
      const here = Math.min(left, w - column);
      bars.push(`M${x + column} ${y + Math.floor(from / w)}h${here}v1h${-here}z`);
      from += here;
      left -= here;
    }
    at += length;
  }
  return bars.join("");
}
