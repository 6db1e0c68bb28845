// One page for both: ?who=modicum, ?who=konva or ?who=bare (konva without labels). Frames are timed here.
import { DRAGGED, makeImage, makeShapes } from "./scene.js";

const asked = new URLSearchParams(location.search);
const dragged = { id: "dragged", class_id: 1, geometry: DRAGGED, attributes: {}, group: null, score: null, model: null, iou: null };
const shapes = [...makeShapes(Number(asked.get("shapes") ?? 1000) - 1), dragged];

/**
 * The times between frames, in milliseconds, while something happens in every one of them: "idle" nothing, "move" the mouse,
 * whose button the browser's real mouse has pressed, goes round in a circle, "zoom" the wheel turns in and out.
 */
window.frameTimes = (what, count, radius) =>
  new Promise((done) => {
    const times = [];
    const middle = { clientX: innerWidth / 2, clientY: innerHeight / 2 };
    const target = document.elementFromPoint(middle.clientX, middle.clientY);
    let before = null;
    const tick = (now) => {
      if (before !== null) times.push(now - before);
      before = now;
      if (times.length === count) {
        done(times);
        return;
      }
      const turn = (times.length / count) * 2 * Math.PI;
      if (what === "move") {
        const at = {
          clientX: middle.clientX + Math.sin(turn) * radius,
          clientY: middle.clientY + (1 - Math.cos(turn)) * radius * 0.5,
        };
        const shared = { ...at, bubbles: true, cancelable: true, button: -1, buttons: window.held };
        target.dispatchEvent(new PointerEvent("pointermove", { ...shared, pointerId: 1, pointerType: "mouse", isPrimary: true }));
        target.dispatchEvent(new MouseEvent("mousemove", { ...shared, button: 0 }));
      }
      if (what === "zoom") {
        const deltaY = times.length % 40 < 20 ? -40 : 40;
        target.dispatchEvent(new WheelEvent("wheel", { ...middle, deltaY, bubbles: true, cancelable: true }));
      }
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });

/** From a pointer event to the end of the frame that shows it: milliseconds, by type of event. */
window.latencies = { pointermove: [], pointerup: [] };
for (const type of ["pointermove", "pointerup"]) {
  window.addEventListener(
    type,
    (event) => {
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => window.latencies[type].push(performance.now() - event.timeStamp);
        channel.port2.postMessage(null);
      });
    },
    true,
  );
}

const image = await makeImage();
const root = document.getElementById("root");
if (asked.get("who") !== "modicum") (await import("./konva.js")).show(root, image, shapes, asked.get("who") === "konva");
else {
  const ours = await import("./ours.js");
  ours.show(root, image, asked.get("shapes") === "1" ? [] : shapes);
  window.giveMask = ours.giveMask;
}
requestAnimationFrame(() =>
  requestAnimationFrame(() => {
    window.shown = true;
  }),
);
