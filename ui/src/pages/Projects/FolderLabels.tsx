// The choice to take labels from class folders; where the folders are known, they are named.
import type { Source } from "./SourcePicker";

interface Props {
  source: Source | null;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

const NAMED = 6;

function hint(source: Source | null): string {
  if (source?.kind === "files" && source.sorted.images > 0) {
    const { folders } = source.sorted;
    if (folders.length === 0) return "There are no class folders in what was dropped.";
    const more = folders.length > NAMED ? ` and ${folders.length - NAMED} more` : "";
    return `${folders.slice(0, NAMED).join(", ")}${more}: then their images arrive labeled.`;
  }
  return "An image in dogs/chow/1.jpg then arrives labeled as chow.";
}

export function FolderLabels({ source, checked, onChange }: Props) {
  const none = source?.kind === "files" && source.sorted.images > 0 && source.sorted.folders.length === 0;
  return (
    <label className="tick" data-off={none || undefined}>
      <input
        type="checkbox"
        checked={checked && !none}
        disabled={none}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span>
        Take labels from class folders
        <span className="quiet small tick-hint">{hint(source)}</span>
      </span>
    </label>
  );
}
