import { useId } from 'preact/hooks';
import type { Client } from '../api/client.ts';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import { hasOwnSlot } from './next-times.ts';
import { tooLong } from './schedule-length.ts';
import { SchedulePreview, usePreview } from './schedule-preview.tsx';
import type { TaskForm } from './task-form.ts';

const SOON_MS = 10 * 60_000;

const EXAMPLES: readonly (readonly [words: string, schedule: () => string])[] = [
  ['every 5 minutes', () => '*/5 * * * *'],
  ['weekdays at 9:00', () => '0 9 * * 1-5'],
  ['last day of the month', () => '0 0 L * *'],
  ['every 90 seconds', () => '@every 90s'],
  ['once, in 10 minutes', () => new Date(Date.now() + SOON_MS).toISOString().replace(/\.\d+Z$/, 'Z')],
];

const ZONES: readonly string[] = Intl.supportedValuesOf('timeZone');

export interface ScheduleFieldProps {
  readonly client: Client;
  readonly form: TaskForm;
  readonly change: (part: Partial<TaskForm>) => void;
  readonly problems: Readonly<Record<string, string>>;
}

/** When: the line, its zone, and what they mean, while they are typed. */
export function ScheduleField({ client, form, change, problems }: ScheduleFieldProps) {
  const zones = useId();
  const preview = usePreview(client, form.schedule, form.timezone);
  const refused = preview.problem?.kind === 'refused' ? preview.problem.fields : {};
  /** What stands at no field. */
  const unsaid = Object.keys(refused).length === 0 ? preview.problem : null;
  return (
    <fieldset class="card form-part">
      <legend>When</legend>
      <Field
        label="Schedule"
        problem={tooLong(form.schedule) ?? problems['/schedule'] ?? refused['/format']}
        hint="A crontab line of 5 or 6 fields, a macro such as @daily, @every 90s, or one instant."
      >
        {(control) => (
          <input
            {...control}
            class="input mono"
            autocomplete="off"
            spellcheck={false}
            placeholder="0 9 * * 1-5"
            value={form.schedule}
            onInput={(event) => change({ schedule: event.currentTarget.value })}
          />
        )}
      </Field>
      <div class="examples">
        {EXAMPLES.map(([words, schedule]) => (
          <Button key={words} kind="chip" onClick={() => change({ schedule: schedule() })}>
            {words}
          </Button>
        ))}
      </div>
      <Field
        label="Time zone"
        problem={problems['/timezone'] ?? refused['/timezone']}
        hint="Of a crontab line; the node’s default where left empty."
      >
        {(control) => (
          <>
            <input
              {...control}
              autocomplete="off"
              list={zones}
              placeholder="Europe/Berlin"
              value={form.timezone}
              onInput={(event) => change({ timezone: event.currentTarget.value.trim() })}
            />
            <datalist id={zones}>
              {ZONES.map((zone) => (
                <option key={zone} value={zone} />
              ))}
            </datalist>
          </>
        )}
      </Field>
      <div aria-live="polite">
        {preview.answer === null ? null : <SchedulePreview answer={preview.answer} />}
        {preview.answer !== null && hasOwnSlot(form.schedule) ? (
          <p class="small quiet">H stands for a slot of the task’s own: it will differ from the one shown.</p>
        ) : null}
        {unsaid === null ? null : <p class="quiet">{unsaid.title}.</p>}
      </div>
    </fieldset>
  );
}
