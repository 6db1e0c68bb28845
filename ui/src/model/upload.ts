// A large upload in parts: one request for each handful of files, so that a break costs one handful and progress is honest.

/** Files of at most so many bytes, and at most so many, travel together; a larger file travels alone. */
export const PART_BYTES = 24_000_000;
export const PART_FILES = 80;

/** Splits files, in order, into the parts that are sent one after the other. */
export function uploadParts<T extends { size: number }>(files: readonly T[]): T[][] {
  const parts: T[][] = [];
  let part: T[] = [];
  let bytes = 0;
  for (const file of files) {
    if (part.length > 0 && (part.length >= PART_FILES || bytes + file.size > PART_BYTES)) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(file);
    bytes += file.size;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}
