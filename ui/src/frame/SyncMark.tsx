// Saved, saving, offline or signed out: one glance tells whether the work is safe.
import { useConnection } from "../api/client";
import { useUnsavedDrawings } from "../api/drawings";
import { useWaiting } from "../api/outbox";
import { counted } from "../model/figures";

export function SyncMark() {
  const connection = useConnection((state) => state.connection);
  const waiting = useWaiting() + useUnsavedDrawings();
  const kept = waiting > 0 ? `, ${waiting} kept here` : "";
  const states = {
    online: waiting > 0 ? { state: "saving", text: "Saving" } : { state: "saved", text: "Saved" },
    offline: { state: "offline", text: `Offline${kept}` },
    "signed-out": { state: "signed-out", text: `Signed out${kept}` },
  };
  const { state, text } = states[connection];
  return (
    <span className="sync" data-state={state} role="status">
      {text}
    </span>
  );
}

/** A calm line below the bar while the server is away or wants a login. Nothing is lost meanwhile. */
export function ConnectionNote() {
  const connection = useConnection((state) => state.connection);
  const waiting = useWaiting();
  const drawings = useUnsavedDrawings();
  if (connection === "online") return null;
  const parts = [waiting > 0 ? counted(waiting, "decision") : "", drawings > 0 ? counted(drawings, "drawing") : ""];
  const kept = parts.filter(Boolean).join(" and ");
  return (
    <p className="connection-note" role="status">
      {connection === "offline"
        ? "The server does not answer. You can go on with the images that are here."
        : "The login has ended. Open the address that modicum printed when it started, in this browser."}
      {kept && ` ${kept} ${waiting + drawings === 1 ? "is" : "are"} kept in this browser and will be sent on return.`}
    </p>
  );
}
