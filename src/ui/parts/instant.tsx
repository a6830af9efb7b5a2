import { useEffect, useState } from 'preact/hooks';
import { howFar, localInstant } from './how-far.ts';

const TICK_MS = 1_000;
const ticking = new Set<(nowMs: number) => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One timer for all times on the page. */
function useNow(): number {
  const [nowMs, setNow] = useState(() => Date.now());
  useEffect(() => {
    ticking.add(setNow);
    timer ??= setInterval(() => {
      const at = Date.now();
      for (const tick of ticking) tick(at);
    }, TICK_MS);
    return () => {
      ticking.delete(setNow);
      if (ticking.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, []);
  return nowMs;
}

export interface InstantProps {
  readonly at: string | null;
  /** Both ways of saying it, one below the other. */
  readonly full?: boolean;
  readonly none?: string;
  /** How far away it is, in words. */
  readonly words?: typeof howFar;
}

/** How far away, and the very instant in the zone of whoever looks. */
export function Instant({ at, full = false, none = '–', words = howFar }: InstantProps) {
  const nowMs = useNow();
  if (at === null) return <span class="quiet">{none}</span>;
  const atMs = Date.parse(at);
  const local = localInstant(atMs);
  if (!full) {
    return (
      <time dateTime={at} title={local}>
        {words(atMs, nowMs)}
      </time>
    );
  }
  return (
    <time dateTime={at} title={at} class="instant">
      {words(atMs, nowMs)}
      <span class="quiet small">{local}</span>
    </time>
  );
}
