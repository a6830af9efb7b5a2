import assert from 'node:assert/strict';
import { nextFireMs } from '../../src/schedule/next-fire.ts';
import { parseSchedule } from '../../src/schedule/parse.ts';
import type { Schedule, ScheduleContext, ScheduleRefusal } from '../../src/schedule/types.ts';

export const NEW_YEAR_2027 = '2027-01-01T00:00:00Z';

export function contextIn(timezone: string, from: string = NEW_YEAR_2027, seed = 'task-1'): ScheduleContext {
  return { timezone, dst: 'once', nowMs: Date.parse(from), seed };
}

export function scheduleOf(format: string, timezone = 'UTC', from: string = NEW_YEAR_2027): Schedule {
  const parsed = parseSchedule(format, contextIn(timezone, from));
  assert.ok(parsed.ok, `${format}: ${parsed.ok ? '' : parsed.error.message}`);
  return parsed.value;
}

export function refusalOf(format: string, context: ScheduleContext = contextIn('UTC')): ScheduleRefusal {
  const parsed = parseSchedule(format, context);
  assert.ok(!parsed.ok, `${JSON.stringify(format)} is refused`);
  return parsed.error;
}

/** `2027-03-14T07:00:00Z`, without the milliseconds that no crontab line has. */
export function isoOf(atMs: number): string {
  return new Date(atMs).toISOString().replace('.000Z', 'Z');
}

export function firesOf(schedule: Schedule, from: string, count: number): readonly string[] {
  const fires: string[] = [];
  let atMs: number | null = Date.parse(from);
  while (fires.length < count) {
    atMs = nextFireMs(schedule, atMs);
    if (atMs === null) break;
    fires.push(isoOf(atMs));
  }
  return fires;
}
