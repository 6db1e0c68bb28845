// Reads what was dropped or chosen: folders are walked, every file gets its path below them.
import type { Picked } from "../../api/upload";

/** Files of a drop. The entries must be taken before the first pause: the browser empties the list after the event. */
export async function readDrop(list: DataTransferItemList, tell: (files: number) => void): Promise<Picked[]> {
  const entries: FileSystemEntry[] = [];
  for (const item of list) {
    const entry = item.kind === "file" ? item.webkitGetAsEntry() : null;
    if (entry) entries.push(entry);
  }
  const found: Picked[] = [];
  // Own stack instead of recursion: folders can be as deep as a disk allows.
  while (entries.length > 0) {
    const entry = entries.pop();
    if (entry?.isDirectory) {
      entries.push(...(await children(entry as FileSystemDirectoryEntry)));
    } else if (entry) {
      const file = await fileOf(entry as FileSystemFileEntry);
      if (file) found.push({ path: entry.fullPath.replace(/^\//, ""), size: file.size, file });
      if (found.length % 200 === 0) tell(found.length);
    }
  }
  return inOrder(found);
}

/** Files of a chooser; a chosen folder brings its paths along. */
export function readChosen(files: FileList): Picked[] {
  const found = [...files].map((file) => ({ path: file.webkitRelativePath || file.name, size: file.size, file }));
  return inOrder(found);
}

function inOrder(files: Picked[]): Picked[] {
  const collator = new Intl.Collator("en", { numeric: true });
  return files.sort((a, b) => collator.compare(a.path, b.path));
}

/** A folder gives its entries in batches of a hundred, and ends with an empty one. */
async function children(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (batch.length === 0) return found;
    found.push(...batch);
  }
}

/** Null for a file that vanished or may not be read: the others still count. */
function fileOf(entry: FileSystemFileEntry): Promise<File | null> {
  return new Promise((resolve) => entry.file(resolve, () => resolve(null)));
}
