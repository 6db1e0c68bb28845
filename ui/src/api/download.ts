// Hands something to the browser to be saved as a file.

export function handOver(blob: Blob, file: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = file;
  link.click();
  // The browser reads the address after the click: it must live a moment longer.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
