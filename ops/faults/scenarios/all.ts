import { atRest } from './at-rest.ts';
import { farBehind } from './far-behind.ts';
import { leaderKill, lookAhead } from './leader-kill.ts';
import { lostMajority } from './lost-majority.ts';
import type { Scenario } from './scenario.ts';
import { senderKill } from './sender-kill.ts';

export const SCENARIOS: readonly Scenario[] = [leaderKill, lookAhead, senderKill, lostMajority, atRest, farBehind];
