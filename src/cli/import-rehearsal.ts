import { parseSchedule } from '../schedule/parse.ts';
import type { CrontabTask, LineReason } from './crontab-file.ts';
import type { Imported } from './import-lines.ts';
import type { ImportLine } from './import-requests.ts';

/** `--dry-run`: the schedules judged here, by the same code. What only the node knows (its guard, its limits) is not asked. */
export async function rehearse(
  tasks: readonly CrontabTask[],
  lines: readonly ImportLine[],
  timezone: string | undefined,
): Promise<Imported> {
  const refused: LineReason[] = [];
  const nowMs = Date.now();
  for (const [index, task] of tasks.entries()) {
    const zone = task.timezone ?? timezone ?? 'UTC';
    const parsed = parseSchedule(task.schedule, { timezone: zone, dst: 'once', nowMs, seed: lines[index]?.key ?? '' });
    if (!parsed.ok) refused.push({ line: task.line, reason: parsed.error.message });
  }
  return { created: tasks.length - refused.length, existing: 0, refused, unknown: [], notTried: 0, stopped: null };
}
