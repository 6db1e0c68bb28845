// An import in sentences: what it is doing, how fast, how long it will take, how it ended.

import type { components } from "../api/schema";
import { count, counted, duration, speed } from "./figures";

type Job = components["schemas"]["Job"];

export function running(job: Job | null): boolean {
  return job?.state === "running" || job?.state === "queued";
}

function found(job: Job): string {
  const parts = [
    `${counted(job.added, "image")} added`,
    job.duplicates > 0 ? counted(job.duplicates, "duplicate") : "",
    job.rejected > 0 ? `${count(job.rejected)} rejected` : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** The state in one line. The job's own message, when there is one, is shown beside it. */
export function importSaid(job: Job | null): string {
  if (!job) return "Nothing has been imported yet.";
  if (job.state === "queued") return "Waits for its turn: another import runs first.";
  if (job.state === "running") {
    if (job.total === 0) return "Looking for images.";
    return `${count(job.done)} of ${counted(job.total, "file")}: ${found(job)}.`;
  }
  if (job.state === "failed")
    return `Stopped by an error after ${counted(job.done, "file")}: ${found(job)}. What is in stays in.`;
  if (job.state === "cancelled")
    return `Cancelled after ${counted(job.done, "file")}: ${found(job)}. What is in stays in.`;
  return `Finished: ${found(job)}.`;
}

/** Where the files came from; an upload's folder means nothing to the person who dropped it. */
export function sourceSaid(job: Job): string {
  const source = String(job.args.source ?? "");
  return /[\\/]uploads[\\/][0-9a-f]{16}/.test(source) || source === "" ? "files sent from the browser" : source;
}

/** A file's address as a person knows it: a path, inside an upload without the upload's folder. */
export function fileSaid(uri: string): string {
  const path = uri.replace(/^(file|zip):\/\//, "");
  const known = path.replace(/^.*\/uploads\/[0-9a-f]{16}\//, "").replace("!/", " \u203a ");
  try {
    return decodeURIComponent(known);
  } catch {
    return known; // a percent sign that stands for itself
  }
}

/** "140 a second, about 2 min left"; empty while it cannot be told. */
export function pace(job: Job | null, rate: number | null): string {
  if (job?.state !== "running" || rate === null || rate <= 0) return "";
  if (job.total <= job.done) return speed(rate);
  const left = (job.total - job.done) / rate;
  return `${speed(rate)}, ${left < 10 ? "a few seconds" : `about ${duration(left)}`} left`;
}
