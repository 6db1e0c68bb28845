// A class as a chip: its colour (with a pattern beyond twenty classes) and its name.
import { classLook } from "../model/palette";

interface SwatchProps {
  classId: number;
  /** Of a class that has one of its own. */
  colour?: string | null | undefined;
}

export function Swatch({ classId, colour }: SwatchProps) {
  return <span className="swatch" style={{ background: colour ?? classLook(classId).fill }} aria-hidden="true" />;
}

export function ClassChip({ classId, name }: { classId: number; name: string }) {
  return (
    <span className="chip">
      <Swatch classId={classId} />
      <bdi className="name">{name}</bdi>
    </span>
  );
}
