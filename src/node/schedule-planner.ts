import { latestFireMs } from '../schedule/latest-fire.ts';
import { nextFireMs } from '../schedule/next-fire.ts';
import { parseSchedule } from '../schedule/parse.ts';
import type { SchedulePlanner } from '../tasks/planner.ts';

/** The schedule room, as the tasks room asks for it. */
export const schedulePlanner: SchedulePlanner = { parse: parseSchedule, nextFireMs, latestFireMs };
