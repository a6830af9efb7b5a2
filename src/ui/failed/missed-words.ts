import type { MissedAnswer } from '../api/answers.ts';
import { howLong, localInstant } from '../parts/how-far.ts';

/** Which due times were passed over. How many there were, only the schedule knows. */
export function missedWords({ from, through }: Pick<MissedAnswer, 'from' | 'through'>): string {
  const [fromMs, throughMs] = [Date.parse(from), Date.parse(through)];
  // `through` need not be a due time itself, but is never long after the last of them.
  if (throughMs - fromMs < 1_000) return `Not sent: ${localInstant(fromMs)}`;
  return `Not sent: ${localInstant(fromMs)} and what was due until ${localInstant(throughMs)}, ${howLong(throughMs - fromMs)} later`;
}
