// Random names: of this browser tab, and of every decision so that sending it twice is harmless.

/** 128 random bits in hex. Not crypto.randomUUID: that one is missing on plain http to another machine. */
export function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
