// What several tests share: a storage like the browser's, and a class of a schema.
import type { Wire } from "../api/client";

/** A class about which nothing else is said. */
export function aClass(id: number, name: string, more: Partial<Wire["Class"]> = {}): Wire["Class"] {
  const blank = { key: null, archived: false, colour: null, shapes: [], attributes: [], skeleton: null };
  return { id, name, ...blank, ...more };
}

export class MemoryStorage {
  kept = new Map<string, string>();
  get length() {
    return this.kept.size;
  }
  key = (index: number) => [...this.kept.keys()][index] ?? null;
  getItem = (name: string) => this.kept.get(name) ?? null;
  setItem = (name: string, value: string) => void this.kept.set(name, value);
  removeItem = (name: string) => void this.kept.delete(name);
}
