import { type Cursors, pageAddress } from '../route.ts';
import { Button } from './button.tsx';

/** Where one is in a list of pages. */
export interface Place {
  readonly cursor: string | null;
  readonly back: () => void;
  readonly on: (cursor: string) => void;
}

/** The address holds it. */
export function placeIn(list: string, cursors: Cursors): Place {
  const go = (to: Cursors): void => {
    location.hash = pageAddress(list, to);
  };
  return {
    cursor: cursors.at(-1) ?? null,
    back: () => go(cursors.slice(0, -1)),
    on: (cursor) => go([...cursors, cursor]),
  };
}

export interface PagesProps {
  readonly place: Place;
  /** Null on the last page, and while the next one is awaited. */
  readonly next: string | null;
  readonly busy: boolean;
}

/** By cursors: the millionth item is as near as the first. */
export function Pages({ place, next, busy }: PagesProps) {
  if (place.cursor === null && next === null) return null;
  return (
    <nav class="buttons" aria-label="Pages of the list">
      <Button disabled={place.cursor === null} onClick={place.back}>
        ← Newer
      </Button>
      <Button disabled={busy || next === null} onClick={() => (next === null ? undefined : place.on(next))}>
        Older →
      </Button>
    </nav>
  );
}
