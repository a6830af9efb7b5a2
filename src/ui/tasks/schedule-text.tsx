import type { TaskAnswer } from '../api/answers.ts';
import { localInstant } from '../parts/how-far.ts';

/** A line with its zone, or a lone instant as the clock here shows it. */
export function ScheduleText({ task }: { readonly task: Pick<TaskAnswer, 'schedule' | 'timezone'> }) {
  const onceMs = task.timezone === null ? onceAtMs(task.schedule) : null;
  if (onceMs !== null) {
    return (
      <span class="once" title={task.schedule}>
        once <span class="quiet small number">{localInstant(onceMs)}</span>
      </span>
    );
  }
  return (
    <span class="schedule">
      <code>{task.schedule}</code>
      {task.timezone === null ? null : <span class="quiet small"> {task.timezone}</span>}
    </span>
  );
}

function onceAtMs(schedule: string): number | null {
  if (/^[0-9]{10}$/.test(schedule)) return Number(schedule) * 1_000;
  if (/^[0-9]{13}$/.test(schedule)) return Number(schedule);
  const ms = /^[0-9]{4}-/.test(schedule) ? Date.parse(schedule) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}
