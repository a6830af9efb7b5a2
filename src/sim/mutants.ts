import type { Mutant } from './mutant.ts';
import { ELECTIONS } from './mutants/elections.ts';
import { LOGS } from './mutants/logs.ts';
import { LOSSES } from './mutants/losses.ts';
import { MEMBERS } from './mutants/members.ts';
import { READS } from './mutants/reads.ts';

/** Bugs that others shipped, and some that the paper warns of. The simulator is worth what it catches of them. */
export const MUTANTS: readonly Mutant[] = [...ELECTIONS, ...LOGS, ...MEMBERS, ...READS, ...LOSSES];
