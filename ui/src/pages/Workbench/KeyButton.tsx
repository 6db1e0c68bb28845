// A button of the workbench with its key on it, from the table of actions.
import type { ReactNode } from "react";
import { type ActionOf, actionsOf, keyOf, printed } from "../../model/actions";
import { Button } from "../../parts/Button";
import { Kbd } from "../../parts/Kbd";

interface Props {
  action: ActionOf<"draw">;
  onClick: () => void;
  pressed?: boolean | undefined;
  disabled?: boolean | undefined;
  look?: "primary" | "normal" | "plain";
  className?: string;
  children: ReactNode;
}

/** What the action does, as the key sheet says it. */
export function wordsOf(action: ActionOf<"draw">): string {
  return actionsOf("draw").find((one) => one.id === action)?.label ?? "";
}

export function KeyButton({ action, onClick, pressed, children, ...rest }: Props) {
  return (
    <Button
      {...rest}
      aria-pressed={pressed}
      title={wordsOf(action)}
      // A click leaves the focus where it was: Enter and Space go on meaning the image, not the button.
      onMouseDown={(event) => event.preventDefault()}
      onClick={onClick}
    >
      {children} <Kbd>{printed(keyOf("draw", action))}</Kbd>
    </Button>
  );
}
