import { type Mutant, mutant } from '../mutant.ts';
import { PROCESS, READING } from './sources.ts';

/** What a reader is shown. */

export const READS: readonly Mutant[] = [
  mutant(
    'a read before the first commit of the term',
    'case 18',
    READING,
    ' || core.commitIndex < leading.termStartIndex) return;',
    ') return;',
  ),
  mutant(
    'a read without a round of heartbeats',
    'case 18',
    READING,
    'if (isSoleVoter(core.voters, core.self)) for',
    'if (core.round >= 0) for',
  ),
  mutant(
    'a late answer confirms a newer read',
    'case 19',
    READING,
    'ackedRound ?? 0) >= round)',
    'ackedRound ?? 0) > 0)',
  ),
  mutant(
    'a read joins a round that runs',
    'case 19',
    READING,
    '  else leading.reads.waiting.push(asking);',
    '  else if (leading.reads.confirming !== null) (leading.reads.confirming.asked as AskedReads[]).push(asking);\n  else leading.reads.waiting.push(asking);',
  ),
  mutant(
    'a read shows a state that is not there yet',
    'case 18',
    PROCESS,
    'this.#readsReady.push({ index: effect.index, settle });',
    'this.#readsReady.push({ index: 0, settle });',
  ),
];
