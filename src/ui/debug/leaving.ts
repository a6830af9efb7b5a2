import type { Debugger } from './debugger.ts';

/** Another trace, or another page, is to take the place of the one that is open. */
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

type Click = Readonly<Record<'metaKey' | 'ctrlKey' | 'shiftKey' | 'altKey', boolean>> & { readonly button: number };
type Link = Readonly<Record<'href' | 'target' | 'download', string>>;

/** Whether a click on a link puts another page in the place of the one at `here`; not one that opens in a tab of its own, or saves. */
export function leadsAway(click: Click, { href, target, download }: Link, here: string): boolean {
  const { button, metaKey, ctrlKey, shiftKey, altKey } = click;
  if (button !== 0 || metaKey || ctrlKey || shiftKey || altKey) return false;
  if (download !== '' || !(target === '' || target === '_self')) return false;
  return withoutHash(href) !== withoutHash(here);
}

const withoutHash = (address: string): string => address.split('#', 1)[0] ?? '';
