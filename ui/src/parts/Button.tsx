// The button, in four looks; at least 32 px in both directions.
import type { ButtonHTMLAttributes, Ref } from "react";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: "primary" | "normal" | "plain" | "danger";
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ look = "normal", className, type = "button", ...rest }: Props) {
  return <button type={type} className={className ? `button ${className}` : "button"} data-look={look} {...rest} />;
}
