/** Along the time of a lane by keys, as along any slider (WAI-ARIA, slider pattern). */
const STEPS = 60;
const STEPS_OF_A_PAGE = 10;

/** The time that a key leads to; null: the key is none of these. */
export function timeByKey(key: string, atMs: number, fromMs: number, toMs: number): number | null {
  const stepMs = (toMs - fromMs) / STEPS;
  const by: Readonly<Record<string, number>> = {
    ArrowLeft: -stepMs,
    ArrowDown: -stepMs,
    ArrowRight: stepMs,
    ArrowUp: stepMs,
    PageDown: -STEPS_OF_A_PAGE * stepMs,
    PageUp: STEPS_OF_A_PAGE * stepMs,
    Home: fromMs - atMs,
    End: toMs - atMs,
  };
  const moved = by[key];
  return moved === undefined ? null : Math.min(Math.max(atMs + moved, fromMs), toMs);
}
