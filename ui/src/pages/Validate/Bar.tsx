// The bar below the grid: what will happen to the page, and the buttons that make it happen.
import type { MouseEvent } from "react";
import { count, counted } from "../../model/figures";
import type { tally } from "../../model/marks";
import { Button } from "../../parts/Button";
import { Kbd } from "../../parts/Kbd";

interface BarProps {
  size: number;
  total: number | null;
  counts: ReturnType<typeof tally>;
  canUndo: boolean;
  confirm: () => void;
  undo: () => void;
  help: () => void;
}

export function Bar({ size, total, counts, canUndo, confirm, undo, help }: BarProps) {
  const still = { onMouseDown: (event: MouseEvent) => event.preventDefault() };
  return (
    <footer className="validate-bar">
      <p className="number" aria-live="polite">
        {size > 0 && (
          <>
            {counted(counts.confirmed, "item")} right
            {counts.wrong > 0 && <span className="validate-wrong">, {count(counts.wrong)} back to Annotate</span>}
            {counts.relabeled > 0 && `, ${count(counts.relabeled)} relabeled`}
            {total !== null && total > size && <span className="quiet">, {count(total - size)} after this page</span>}
          </>
        )}
      </p>
      <Button {...still} onClick={help}>
        Keys <Kbd>?</Kbd>
      </Button>
      <Button {...still} disabled={!canUndo} onClick={undo}>
        Undo page <Kbd>⌫</Kbd>
      </Button>
      <Button {...still} look="primary" disabled={size === 0} onClick={confirm}>
        Confirm page <Kbd>Enter</Kbd>
      </Button>
    </footer>
  );
}
