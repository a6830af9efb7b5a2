import { latestFireMs } from '../schedule/latest-fire.ts';
import { nextFireMs } from '../schedule/next-fire.ts';
import { parseSchedule } from '../schedule/parse.ts';
import type { CronSchedule } from '../schedule/types.ts';
import type { SchedulePlanner } from '../tasks/planner.ts';

/** Tasks share lines: a crontab line understood once is not parsed again. What depends on the task or on now is: `H`, intervals, instants. */
const LINES_MAX = 2_000;
const understood = new Map<string, CronSchedule>();
const HASH = /h/i;

/** The schedule room, as the tasks room asks for it. */
export const schedulePlanner: SchedulePlanner = {
  parse(format, context) {
    const key = `${context.timezone}\n${context.dst}\n${format}`;
    const known = understood.get(key);
    if (known !== undefined) return { ok: true, value: known };
    const parsed = parseSchedule(format, context);
    if (parsed.ok && parsed.value.kind === 'cron' && !HASH.test(format)) {
      if (understood.size >= LINES_MAX) understood.clear();
      understood.set(key, parsed.value);
    }
    return parsed;
  },
  nextFireMs,
  latestFireMs,
};
