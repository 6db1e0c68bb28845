// Where images come from: drop them, choose them, or type a path on the server's machine. Shows what will be left out.
import { useEffect, useRef, useState } from "react";
import type { Picked } from "../../api/upload";
import { count, counted, size } from "../../model/figures";
import { ACCEPT, pathProblem, type Sorted, sortDropped, TAKEN } from "../../model/sources";
import { Button } from "../../parts/Button";
import { Field } from "../../parts/Field";
import { readChosen, readDrop } from "./dropped";

export type Source = { kind: "files"; sorted: Sorted<Picked> } | { kind: "path"; path: string };

/** Whether it can be started with; a path is looked at by the server. */
export function usable(source: Source | null): source is Source {
  if (source === null) return false;
  return source.kind === "path" ? pathProblem(source.path) === null : source.sorted.problem === null;
}

interface Props {
  source: Source | null;
  onChange: (source: Source | null) => void;
  /** What the server said about the source. */
  problem: string | null;
  big?: boolean;
}

export function SourcePicker({ source, onChange, problem, big = false }: Props) {
  const [reading, setReading] = useState<number | null>(null);
  const take = (files: Picked[]) => onChange({ kind: "files", sorted: sortDropped(files) });
  const over = useWindowDrop(async (items) => {
    setReading(0);
    const found = await readDrop(items, setReading);
    setReading(null);
    take(found);
  });
  if (source?.kind === "files") {
    return <Chosen sorted={source.sorted} problem={problem} over={over} onClear={() => onChange(null)} />;
  }
  return (
    <div className="source">
      <DropZone big={big} over={over} reading={reading} onFiles={take} />
      <PathField
        path={source?.path ?? ""}
        problem={problem}
        onChange={(path) => onChange(path === "" ? null : { kind: "path", path })}
      />
    </div>
  );
}

/** Takes a drop anywhere in the window: a folder that misses the zone would otherwise replace the page. */
function useWindowDrop(onDrop: (items: DataTransferItemList) => void): boolean {
  const [over, setOver] = useState(false);
  const take = useRef(onDrop);
  take.current = onDrop;
  useEffect(() => {
    const drag = (event: DragEvent) => {
      event.preventDefault();
      setOver(event.dataTransfer?.types.includes("Files") ?? false);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      if (event.dataTransfer?.types.includes("Files")) take.current(event.dataTransfer.items);
    };
    window.addEventListener("dragover", drag);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", drag);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, []);
  return over;
}

interface ZoneProps {
  big: boolean;
  over: boolean;
  /** Files found so far while a dropped folder is read, else null. */
  reading: number | null;
  onFiles: (files: Picked[]) => void;
}

function DropZone({ big, over, reading, onFiles }: ZoneProps) {
  const folder = useRef<HTMLInputElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const choose = (input: HTMLInputElement) => {
    // Emptied afterwards, or the same choice a second time would be no change.
    if (input.files && input.files.length > 0) onFiles(readChosen(input.files));
    input.value = "";
  };

  return (
    <div className="drop" data-over={over || undefined} data-big={big || undefined}>
      <svg className="drop-mark" viewBox="0 0 48 48" aria-hidden="true">
        <rect x="5" y="9" width="26" height="26" rx="3" />
        <path d="M5 29l8-8 7 7 4-4 7 7" />
        <path d="M38 15v18m-7-7l7 7 7-7" />
      </svg>
      <p className="drop-title">
        {reading === null
          ? "Drop a folder, a zip or a table here"
          : `Reading the folder, ${counted(reading, "file")} so far`}
      </p>
      <div className="row">
        <Button onClick={() => folder.current?.click()}>Choose a folder</Button>
        <Button onClick={() => files.current?.click()}>Choose files</Button>
      </div>
      <p className="quiet small">Taken are {TAKEN}.</p>
      <input
        ref={folder}
        type="file"
        hidden
        aria-label="Folder with images"
        onChange={(event) => choose(event.target)}
        {...{ webkitdirectory: "" }}
      />
      <input
        ref={files}
        type="file"
        hidden
        multiple
        accept={ACCEPT}
        aria-label="Files"
        onChange={(event) => choose(event.target)}
      />
    </div>
  );
}

interface PathProps {
  path: string;
  problem: string | null;
  onChange: (path: string) => void;
}

function PathField({ path, problem, onChange }: PathProps) {
  // What is wrong is said when the field is left, not while somebody still types.
  const [left, setLeft] = useState(false);
  const own = left && path.trim() !== "" ? pathProblem(path) : null;
  return (
    <Field
      label="Or a path on the machine modicum runs on"
      hint="A folder, zip, CSV or JSONL. The images stay where they are."
      problem={problem ?? own}
    >
      {(control) => (
        <input
          {...control}
          type="text"
          value={path}
          placeholder="/data/photos"
          autoComplete="off"
          spellCheck={false}
          onBlur={() => setLeft(true)}
          onChange={(event) => {
            setLeft(false);
            onChange(event.target.value);
          }}
        />
      )}
    </Field>
  );
}

function holds(sorted: Sorted<Picked>): string {
  const parts = [
    sorted.images > 0 ? counted(sorted.images, "image") : "",
    sorted.zips > 0 ? counted(sorted.zips, "zip") : "",
    sorted.tables > 0 ? counted(sorted.tables, "table") : "",
  ].filter((part) => part !== "");
  return parts.length > 0 ? `${parts.join(" and ")}, ${size(sorted.bytes)}` : "Nothing that can be used";
}

interface ChosenProps {
  sorted: Sorted<Picked>;
  problem: string | null;
  over: boolean;
  onClear: () => void;
}

function Chosen({ sorted, problem, over, onClear }: ChosenProps) {
  const wrong = problem ?? sorted.problem;
  return (
    <div className="chosen" data-wrong={wrong ? true : undefined} data-over={over || undefined}>
      <div className="row">
        <p className="chosen-what">
          <strong>{holds(sorted)}</strong>
          {sorted.taken[0] && <bdi className="quiet small chosen-path">{sorted.taken[0].path}</bdi>}
        </p>
        <Button onClick={onClear}>Choose something else</Button>
      </div>
      {wrong && (
        <p className="problem" role="alert">
          {wrong}
        </p>
      )}
      {sorted.left.length > 0 && (
        <details>
          <summary>{counted(sorted.left.length, "file")} left out</summary>
          <ul className="left-out">
            {sorted.left.slice(0, 200).map(({ file, reason }) => (
              <li key={file.path}>
                <bdi>{file.path}</bdi> <span className="quiet">{reason}</span>
              </li>
            ))}
            {sorted.left.length > 200 && <li className="quiet">and {count(sorted.left.length - 200)} more</li>}
          </ul>
        </details>
      )}
    </div>
  );
}
