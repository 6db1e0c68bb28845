// The tools down the side of the board: pictures with their keys, those the classes have a use for.
import { keyOf, printed } from "../../model/actions";
import { allows, type Class } from "../../model/shape";
import type { ToolId } from "../../tools/tool";
import { type ToolEntry, ToolIcon } from "./tools";

interface Props {
  tools: readonly ToolEntry[];
  tool: ToolId;
  /** The class that will be drawn; tools it does not allow are off. */
  entry: Class | undefined;
  choose: (tool: ToolId) => void;
  /** What undo and redo would do; null when there is nothing. */
  undo: string | null;
  redo: string | null;
  act: Record<"undo" | "redo" | "fit" | "look" | "help", () => void>;
}

export function Toolbar({ tools, tool, entry, choose, undo, redo, act }: Props) {
  return (
    <div className="tools" role="toolbar" aria-label="Tools" aria-orientation="vertical">
      {tools.map((one) => {
        const off = one.kind !== null && entry !== undefined && !allows(entry, one.kind);
        const key = keyOf("draw", one.action);
        return (
          <button
            key={one.id}
            type="button"
            className="tool"
            aria-pressed={one.id === tool}
            aria-label={one.label}
            aria-keyshortcuts={key}
            title={off ? `${one.label}: “${entry?.name}” is not drawn with it` : `${one.label} (${printed(key)})`}
            disabled={off}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(one.id)}
          >
            <ToolIcon icon={one.icon} />
            <span className="tool-key" aria-hidden="true">
              {printed(key).replace("Shift ", "⇧")}
            </span>
          </button>
        );
      })}
      <span className="tools-gap" />
      <Push action="undo" label="Undo" what={undo} icon="M4 8h8a4 4 0 0 1 0 8H7M4 8l4-4M4 8l4 4" run={act.undo} />
      <Push action="redo" label="Redo" what={redo} icon="M16 8H8a4 4 0 0 0 0 8h5M16 8l-4-4M16 8l-4 4" run={act.redo} />
      <Push action="fit" label="Fit to the window" icon="M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4" run={act.fit} />
      <Push action="look" label="View" icon="M10 3a7 7 0 1 0 .01 0M10 3v14M10 7h5M10 11h6M10 15h4" run={act.look} />
      <Push action="help" label="Keys" icon="M7 7a3 3 0 1 1 4 3q-1 .5-1 2M10 15.5v.01" run={act.help} />
    </div>
  );
}

interface PushProps {
  action: "undo" | "redo" | "fit" | "look" | "help";
  label: string;
  icon: string;
  run: () => void;
  /** Null: there is nothing to do. */
  what?: string | null;
}

function Push({ action, label, icon, run, what }: PushProps) {
  const key = keyOf("draw", action);
  return (
    <button
      type="button"
      className="tool"
      aria-label={label}
      aria-keyshortcuts={key}
      title={`${label}${what ? `: ${what.toLowerCase()}` : ""} (${printed(key)})`}
      disabled={what === null}
      onMouseDown={(event) => event.preventDefault()}
      onClick={run}
    >
      <ToolIcon icon={icon} />
    </button>
  );
}
