export function uiDirectory(root: string): string;
export function uiSources(root: string): readonly string[];
export function stampOf(sources: readonly string[]): string;
export const STAMP_FILE: string;
export function ensureUi(root: string, say: (line: string) => void): Promise<boolean>;
