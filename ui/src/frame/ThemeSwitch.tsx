// Switches between the system's choice, light and dark.
import { Button } from "../parts/Button";
import { type Theme, useTheme } from "./theme";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const WORDS: Record<Theme, string> = { system: "as the system", light: "light", dark: "dark" };
const MARKS: Record<Theme, string> = { system: "◐", light: "○", dark: "●" };

export function ThemeSwitch() {
  const { theme, choose } = useTheme();
  const label = `Colours: ${WORDS[theme]}. Switch to ${WORDS[NEXT[theme]]}`;
  return (
    <Button look="plain" aria-label={label} title={label} onClick={() => choose(NEXT[theme])}>
      <span aria-hidden="true">{MARKS[theme]}</span>
    </Button>
  );
}
