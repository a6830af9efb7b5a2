import { Field } from '../parts/field.tsx';
import type { TaskForm } from './task-form.ts';

const METHODS = ['POST', 'PUT', 'PATCH', 'GET', 'DELETE'] as const;

export interface FieldsProps {
  readonly form: TaskForm;
  readonly change: (part: Partial<TaskForm>) => void;
  readonly problems: Readonly<Record<string, string>>;
}

/** What is called, and with what. */
export function CallbackFields({ form, change, problems }: FieldsProps) {
  return (
    <fieldset class="card form-part">
      <legend>What to call</legend>
      <div class="method-and-url">
        <Field label="Method" problem={problems['/callback/method']}>
          {(control) => (
            <select
              {...control}
              value={form.method}
              onChange={(event) => change({ method: event.currentTarget.value })}
            >
              {METHODS.map((method) => (
                <option key={method}>{method}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label="URL" problem={problems['/callback/url']}>
          {(control) => (
            <input
              {...control}
              class="input mono"
              type="url"
              autocomplete="off"
              placeholder="https://example.com/hook"
              value={form.url}
              onInput={(event) => change({ url: event.currentTarget.value })}
            />
          )}
        </Field>
      </div>
      <Field label="Body" problem={problems['/callback/body']} hint="JSON, sent byte for byte; none where left empty.">
        {(control) => (
          <textarea
            {...control}
            rows={4}
            spellcheck={false}
            placeholder={'{"hello": "world"}'}
            value={form.body}
            onInput={(event) => change({ body: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field
        label="Headers"
        problem={problemUnder(problems, '/callback/headers')}
        hint="One a line, as “x-team: billing”. Who may read this page sees them."
      >
        {(control) => (
          <textarea
            {...control}
            rows={2}
            spellcheck={false}
            value={form.headers}
            onInput={(event) => change({ headers: event.currentTarget.value })}
          />
        )}
      </Field>
    </fieldset>
  );
}

/** A single header’s problem is told under its own name. */
const problemUnder = (problems: FieldsProps['problems'], path: string): string | undefined =>
  Object.entries(problems).find(([at]) => at === path || at.startsWith(`${path}/`))?.[1];

/** Everything that may be left as it is. */
export function PolicyFields({ form, change, problems }: FieldsProps) {
  const retry = (
    [
      ['attempts', 'Attempts', '/retry/attempts'],
      ['backoff', 'First pause', '/retry/backoff'],
      ['backoffMax', 'Longest pause', '/retry/backoff_max'],
    ] as const
  ).map(([name, label, path]) => (
    <Field key={name} label={label} problem={problems[path]}>
      {(control) => (
        <input {...control} value={form[name]} onInput={(event) => change({ [name]: event.currentTarget.value })} />
      )}
    </Field>
  ));
  return (
    <fieldset class="card form-part">
      <legend>When it fails</legend>
      <div class="three">{retry}</div>
      <Field
        label="Delivery"
        problem={problems['/delivery']}
        hint={
          form.delivery === 'at_most_once'
            ? 'Never sent twice. What cannot be known after a crash ends as “unknown”.'
            : 'After a crash the same execution may be sent again, under the same webhook-id.'
        }
      >
        {(control) => (
          <select
            {...control}
            value={form.delivery}
            onChange={(event) => change({ delivery: event.currentTarget.value })}
          >
            <option value="at_least_once">at least once</option>
            <option value="at_most_once">at most once</option>
          </select>
        )}
      </Field>
    </fieldset>
  );
}

export function NameFields({ form, change, problems }: FieldsProps) {
  return (
    <fieldset class="card form-part">
      <legend>What it is called</legend>
      <div class="two">
        <Field label="Name" problem={problems['/name']}>
          {(control) => (
            <input
              {...control}
              autocomplete="off"
              placeholder="morning report"
              value={form.name}
              onInput={(event) => change({ name: event.currentTarget.value })}
            />
          )}
        </Field>
        <Field label="Tags" problem={problemUnder(problems, '/tags')} hint="Separated by commas.">
          {(control) => (
            <input
              {...control}
              autocomplete="off"
              value={form.tags}
              onInput={(event) => change({ tags: event.currentTarget.value })}
            />
          )}
        </Field>
      </div>
    </fieldset>
  );
}
