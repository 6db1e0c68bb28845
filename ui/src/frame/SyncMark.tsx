// Saved, saving or offline: one glance tells whether the work is safe.
import { useConnection } from "../api/client";

export function SyncMark() {
  const connection = useConnection((state) => state.connection);
  const text = connection === "online" ? "Saved" : connection === "offline" ? "Offline" : "Signed out";
  return (
    <span className="sync" data-state={connection} role="status">
      {text}
    </span>
  );
}
