// What was dropped or typed as a source: which files are taken, which are left and why, and what kind of source they make.

export interface Dropped {
  /** Relative to what was dropped, with "/" between its parts. */
  path: string;
  size: number;
}

export type Kind = "image" | "zip" | "table";

export interface Left<T extends Dropped> {
  file: T;
  reason: string;
}

export interface Sorted<T extends Dropped> {
  taken: T[];
  left: Left<T>[];
  bytes: number;
  images: number;
  zips: number;
  tables: number;
  /** Class folders that hold images directly, in order of their names. */
  folders: string[];
  /** A reason why nothing can be started with this, else null. */
  problem: string | null;
}

const KINDS: Record<string, Kind> = {
  jpg: "image",
  jpeg: "image",
  png: "image",
  webp: "image",
  tif: "image",
  tiff: "image",
  bmp: "image",
  gif: "image",
  zip: "zip",
  csv: "table",
  jsonl: "table",
  ndjson: "table",
};

export const TAKEN = "JPEG, PNG, WebP, TIFF, BMP, GIF, zip, CSV and JSONL";

/** For the file chooser's `accept`. */
export const ACCEPT = Object.keys(KINDS)
  .map((ending) => `.${ending}`)
  .join(",");

function parts(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

/** By its ending; the server looks at the bytes. */
export function kindOf(path: string): Kind | null {
  const name = parts(path).at(-1) ?? "";
  const dot = name.lastIndexOf(".");
  return dot > 0 ? (KINDS[name.slice(dot + 1).toLowerCase()] ?? null) : null;
}

const NOT_TAKEN = "not an image, zip or table";
const BESIDE = "beside images; drop it alone, or type its path";

function whyLeft(file: Dropped): string | null {
  const names = parts(file.path);
  if (names.some((name) => name.startsWith(".") || name === "__MACOSX" || name === "Thumbs.db"))
    return "a hidden or system file";
  if (kindOf(file.path) === null) return NOT_TAKEN;
  if (file.size === 0) return "empty";
  return null;
}

/** Folders directly above images, when there are at least two: the only case in which they can be classes. */
function classFolders(images: readonly Dropped[]): string[] {
  const names = new Set<string>();
  for (const { path } of images) {
    const above = parts(path).at(-2);
    if (above !== undefined) names.add(above);
  }
  return names.size >= 2 ? [...names].sort((a, b) => a.localeCompare(b)) : [];
}

function problemOf(left: number, images: number, zips: number, tables: number): string | null {
  if (images > 0) return null;
  if (zips + tables === 0) {
    if (left === 0) return "Nothing was in it. Drop a folder with images, a zip or a table.";
    return `${left === 1 ? "This file cannot be used" : `None of these ${left} files can be used`}. Taken are ${TAKEN}.`;
  }
  return zips + tables > 1 ? "One zip or one table at a time: drop one of them, or a folder with images." : null;
}

/** Sorts what was dropped into what is sent and what is left behind. Beside images, zips and tables are left. */
export function sortDropped<T extends Dropped>(files: readonly T[]): Sorted<T> {
  const taken: Record<Kind, T[]> = { image: [], zip: [], table: [] };
  const left: Left<T>[] = [];
  for (const file of files) {
    const reason = whyLeft(file);
    const kind = kindOf(file.path);
    if (reason === null && kind !== null) taken[kind].push(file);
    else left.push({ file, reason: reason ?? NOT_TAKEN });
  }
  if (taken.image.length > 0) {
    for (const file of [...taken.zip.splice(0), ...taken.table.splice(0)]) left.push({ file, reason: BESIDE });
  }
  const all = [...taken.image, ...taken.zip, ...taken.table];
  return {
    taken: all,
    left,
    bytes: all.reduce((sum, file) => sum + file.size, 0),
    images: taken.image.length,
    zips: taken.zip.length,
    tables: taken.table.length,
    folders: classFolders(taken.image),
    problem: problemOf(left.length, taken.image.length, taken.zip.length, taken.table.length),
  };
}

/** A first name for the project: the folder that was dropped, the file's stem, or the last part of a typed path. */
export function suggestName(paths: readonly string[]): string {
  const all = paths.map((path) => path.replaceAll("\\", "/"));
  const first = all[0];
  if (first === undefined) return "";
  const typed = /^(\/|~|[a-z]:\/)/i.test(first);
  const names = parts(first);
  const folder = !typed && names.length > 1 && all.every((path) => parts(path)[0] === names[0]);
  const raw = folder ? (names[0] ?? "") : all.length === 1 ? stem(names.at(-1) ?? "") : "";
  return raw
    .replaceAll(/[_\s]+/g, " ")
    .trim()
    .slice(0, 100);
}

function stem(name: string): string {
  return kindOf(name) === null ? name : name.slice(0, name.lastIndexOf("."));
}

/** What is wrong with a typed path, as far as can be told before the server looks; null when nothing is. */
export function pathProblem(path: string): string | null {
  const typed = path.trim();
  if (typed === "") return "Type the path of a folder, zip, CSV or JSONL on this machine.";
  if (/^(https?|s3|gs|az):\/\//i.test(typed))
    return "Addresses and buckets are not read yet. Type a path on this machine, or drop the files.";
  if (!/^(\/|~|[a-z]:[\\/])/i.test(typed)) return "Type the whole path, from / or ~.";
  return null;
}
