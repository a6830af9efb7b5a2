import { onConfigurationCommitted } from './changing-members.ts';
import type { Leading } from './core.ts';
import { answerReads } from './reading.ts';
import { committableIndex } from './replicating.ts';
import type { Turn } from './turn.ts';

/** What follows when the commit index moves, on a leader and on anybody else. */

export function advanceCommit(turn: Turn, leading: Leading): void {
  const index = committableIndex(turn.core, leading);
  if (index <= turn.core.commitIndex) return;
  turn.core.commitIndex = index;
  onCommitted(turn);
}

export function onCommitted(turn: Turn): void {
  const { core } = turn;
  onConfigurationCommitted(turn);
  if (core.leading !== null) answerReads(turn, core.leading);
}
