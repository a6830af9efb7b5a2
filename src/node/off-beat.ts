import { AHEAD_MS_MIN_OFF_BEAT, BEAT_MS, UPBEAT_MS } from './limits.ts';

const SECOND_MS = 1_000;

/**
 * Schedules fall on whole seconds, and so would the claims that are made a whole number of seconds ahead of them: in the very moment in
 * which others are sent; a leader that was elected shortly before a second would have them to make then, too. They are made in the rest of
 * each second. How long that is from `nowMs` of cluster time; 0: they may be made.
 */
export function untilOffBeatMs(nowMs: number, aheadMs: number): number {
  if (aheadMs < AHEAD_MS_MIN_OFF_BEAT) return 0;
  const sinceMs = nowMs % SECOND_MS;
  const isUpbeat = sinceMs >= SECOND_MS - UPBEAT_MS;
  return Math.max(0, BEAT_MS - sinceMs + (isUpbeat ? SECOND_MS : 0));
}
