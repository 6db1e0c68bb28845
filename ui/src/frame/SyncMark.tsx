// Saved, saving, offline or signed out: one glance tells whether the work is safe.
import { useConnection } from "../api/client";
import { useWaiting } from "../api/outbox";

export function SyncMark() {
  const connection = useConnection((state) => state.connection);
  const waiting = useWaiting();
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
  if (connection === "online") return null;
  const kept = waiting === 1 ? "One decision is" : waiting > 1 ? `${waiting} decisions are` : "";
  return (
    <p className="connection-note" role="status">
      {connection === "offline"
        ? "The server does not answer. You can go on with the images that are here."
        : "The login has ended. Open the address that modicum printed when it started, in this browser."}
      {kept && ` ${kept} kept in this browser and will be sent on return.`}
    </p>
  );
}
