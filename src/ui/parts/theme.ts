/** Which theme is chosen in this browser; `system` is no choice. public/theme.js puts it on the page before anything is painted. */
export type Theme = 'system' | 'light' | 'dark';

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

export const nextTheme = (theme: Theme): Theme => THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';

export const readTheme = (text: string | null | undefined): Theme =>
  text === 'light' || text === 'dark' ? text : 'system';
