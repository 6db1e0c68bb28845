// A class as a chip: its colour (with a pattern beyond twenty classes) and its name.
import { classLook } from "../model/palette";

export function Swatch({ classId }: { classId: number }) {
  return <span className="swatch" style={{ background: classLook(classId).fill }} aria-hidden="true" />;
}

export function ClassChip({ classId, name }: { classId: number; name: string }) {
  return (
    <span className="chip">
      <Swatch classId={classId} />
      <bdi className="name">{name}</bdi>
    </span>
  );
}
