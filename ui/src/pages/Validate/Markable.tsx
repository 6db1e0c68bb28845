// Something that is right until it is marked as wrong. Not a button: Enter goes on meaning the whole page.
import type { ReactNode } from "react";

interface Props {
  className: string;
  label: string;
  wrong: boolean;
  /** Some of it is wrong. */
  part?: boolean;
  title?: string;
  toggle: () => void;
  focus?: () => void;
  children: ReactNode;
}

export function Markable({ className, label, wrong, part = false, title, toggle, focus, children }: Props) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: an input would keep all keys to itself
    <div
      className={className}
      role="checkbox"
      tabIndex={0}
      aria-checked={wrong ? true : part ? "mixed" : false}
      aria-label={label}
      title={title}
      data-mark={wrong ? "wrong" : part ? "part" : undefined}
      onMouseDown={(event) => event.preventDefault()}
      onClick={toggle}
      onFocus={focus}
      onKeyDown={(event) => {
        if (event.key !== " " && event.key !== "x") return;
        event.preventDefault();
        toggle();
      }}
    >
      {children}
    </div>
  );
}
