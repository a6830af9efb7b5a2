import { useRef, useState } from 'preact/hooks';
import { type ReadTask, readTask, type TaskAnswer } from '../api/answers.ts';
import type { Problem } from '../api/problem.ts';
import { type Answered, useAnswer } from '../api/use-answer.ts';
import type { Page } from '../page.ts';
import { Button } from '../parts/button.tsx';
import { isolated } from '../parts/isolated.ts';
import { NameOf } from '../parts/name-of.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { useTitle } from '../parts/title.ts';
import { CallbackFields, NameFields, PolicyFields } from './callback-fields.tsx';
import { randomKey } from './random-key.ts';
import { RequestView } from './request-view.tsx';
import { ScheduleField } from './schedule-field.tsx';
import { createRequest, DEFAULT_FORM, formOf, type TaskForm, updateRequest } from './task-form.ts';

/** A new task, an empty one or like another. */
export function NewTask({ page, like }: { readonly page: Page; readonly like: string | null }) {
  const model = useAnswer<ReadTask>(page.client, like === null ? null : `v1/tasks/${like}`, {}, 0, readTask);
  if (like === null) return <Editor page={page} form={DEFAULT_FORM} task={null} />;
  return <OnceRead answered={model}>{(task) => <Editor page={page} form={formOf(task)} task={null} />}</OnceRead>;
}

export function EditTask({ page, taskId }: { readonly page: Page; readonly taskId: string }) {
  const answered = useAnswer<ReadTask>(page.client, `v1/tasks/${taskId}`, {}, 0, readTask);
  useTitle(`Change ${isolated(answered.value?.name ?? `task ${taskId}`)}`);
  return <OnceRead answered={answered}>{(task) => <Editor page={page} form={formOf(task)} task={task} />}</OnceRead>;
}

interface OnceReadProps {
  readonly answered: Answered<ReadTask>;
  readonly children: (task: ReadTask) => preact.ComponentChildren;
}

function OnceRead({ answered, children }: OnceReadProps) {
  if (answered.value !== null && answered.current) return <>{children(answered.value)}</>;
  return answered.problem === null ? null : <ProblemNotice problem={answered.problem} />;
}

interface EditorProps {
  readonly page: Page;
  readonly form: TaskForm;
  /** Null: a new one is made. */
  readonly task: TaskAnswer | null;
}

function Editor({ page, form: before, task }: EditorProps) {
  const { client, session, base } = page;
  const [form, setForm] = useState(before);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tried, setTried] = useState(false);
  const [sending, setSending] = useState(false);
  const element = useRef<HTMLFormElement>(null);
  /** The same request sent again is one task, also where the first answer was lost. */
  const key = useRef({ text: '', key: '' });

  const { text, problems: own } = task === null ? createRequest(form) : updateRequest(form, before);
  const problems = { ...(problem?.fields ?? {}), ...(tried ? own : {}) };
  const path = task === null ? 'v1/tasks' : `v1/tasks/${task.id}`;
  const method = task === null ? 'POST' : 'PATCH';
  const change = (part: Partial<TaskForm>): void => {
    setForm({ ...form, ...part });
    setProblem(null);
  };

  const send = async (): Promise<void> => {
    setTried(true);
    if (Object.keys(own).length > 0) return focusProblem(element.current);
    if (key.current.text !== text) key.current = { text, key: randomKey() };
    const headers: Record<string, string> =
      task === null ? { 'idempotency-key': key.current.key } : { 'if-match': `"${task.version}"` };
    setSending(true);
    setProblem(null);
    const told = await client.send<TaskAnswer>(method, path, { body: text, headers });
    setSending(false);
    if (told.ok) location.hash = `#/tasks/${told.value.id}`;
    else {
      setProblem(told.problem);
      focusProblem(element.current);
    }
  };

  const fields = { form, change, problems };
  return (
    <form
      ref={element}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!sending) void send();
      }}
    >
      <div class="title-row form-title">
        <h1>
          {task === null ? (
            'New task'
          ) : (
            <>
              Change <NameOf task={task} />
            </>
          )}
        </h1>
      </div>
      <div class="editor">
        <div class="editor-fields">
          <ScheduleField client={client} {...fields} />
          <CallbackFields {...fields} />
          <NameFields {...fields} />
          <PolicyFields {...fields} />
          {problem === null ? null : <ProblemNotice problem={problem} onDismiss={() => setProblem(null)} />}
          <div class="buttons">
            <Button kind="main" submits disabled={sending || (task !== null && form === before)}>
              {sending ? 'Sending …' : task === null ? 'Create the task' : 'Save the changes'}
            </Button>
            <a class="button" href={task === null ? '#/tasks' : `#/tasks/${task.id}`}>
              Back
            </a>
          </div>
        </div>
        <RequestView
          request={{
            method,
            url: new URL(path, base).href,
            headers: { 'content-type': 'application/json' },
            body: text,
            signedIn: session.token() !== null,
          }}
        />
      </div>
    </form>
  );
}

/** To the first field that is wrong, once it is drawn so. */
function focusProblem(form: HTMLFormElement | null): void {
  requestAnimationFrame(() => form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
}
