import { useState } from 'preact/hooks';
import { Button } from './button.tsx';
import { nextTheme, readTheme, type Theme } from './theme.ts';

const SIGN: Readonly<Record<Theme, string>> = { system: '◐', light: '☀', dark: '☾' };
const NAME = 'xcron-theme';

export function ThemeSwitch() {
  const [theme, setTheme] = useState(() => readTheme(document.documentElement.dataset.theme));
  const choose = (): void => {
    const next = nextTheme(theme);
    if (next === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      if (next === 'system') localStorage.removeItem(NAME);
      else localStorage.setItem(NAME, next);
    } catch {
      // Storage may be forbidden: then it holds for this page.
    }
    setTheme(next);
  };
  return (
    <Button kind="plain" onClick={choose} label={`Theme: ${theme}. Choose ${nextTheme(theme)}`}>
      <span aria-hidden="true">{SIGN[theme]}</span>
    </Button>
  );
}
