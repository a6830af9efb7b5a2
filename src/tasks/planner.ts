import type { Result } from '../result.ts';
import type { Schedule, ScheduleContext, ScheduleRefusal } from '../schedule/types.ts';

/** What the tasks room asks of the schedule room: handed in, so that neither imports the other's code. */
export interface SchedulePlanner {
  parse(format: string, context: ScheduleContext): Result<Schedule, ScheduleRefusal>;
  /** The first fire strictly after. */
  nextFireMs(schedule: Schedule, afterMs: number): number | null;
  /** The last fire up to and including `throughMs`, given one that is not later. */
  latestFireMs(schedule: Schedule, knownFireMs: number, throughMs: number): number;
}
