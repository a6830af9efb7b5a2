import type { Debugger } from './debugger.ts';

/** Another trace is to take the place of the one that is open. */
export interface Leaving {
  readonly word: string;
  readonly go: () => void;
}

/** A file is on the disk, and opened again in a moment. What was watched is in this page alone. */
export function whatIsLeft({
  source,
  name,
  unsavedLines,
}: Pick<Debugger, 'source' | 'name' | 'unsavedLines'>): { title: string; says: string } | null {
  if (unsavedLines > 0)
    return {
      title: 'What was watched is not saved',
      says: `${unsavedLines.toLocaleString('en')} lines are in this page and nowhere else. They are gone once something else is shown.`,
    };
  if (source !== 'file') return null;
  return { title: `${name} is closed`, says: 'The file stays where it is, and can be opened again.' };
}
