import { nodeVerbs } from './node-verbs.ts';
import { operatingVerbs } from './operating-verbs.ts';
import { readingVerbs } from './reading-verbs.ts';
import { restoringVerb } from './restoring-verb.ts';
import type { Verb } from './verb.ts';

/** All that can be asked of a cluster, whichever door it comes through. */
export const VERBS: readonly Verb[] = [...readingVerbs, ...operatingVerbs, ...nodeVerbs, restoringVerb];
