import { useState } from 'preact/hooks';
import type { TaskAnswer } from '../api/answers.ts';
import type { Client } from '../api/client.ts';
import type { Problem } from '../api/problem.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { NameOf } from '../parts/name-of.tsx';
import { ProblemNotice } from '../parts/notice.tsx';

export interface TaskActionsProps {
  readonly client: Client;
  readonly task: TaskAnswer;
  /** Something was done: what is shown is no longer how it is. */
  readonly done: () => void;
}

/** What an owner does with a task. A finished one is only a model for the next. */
export function TaskActions({ client, task, done }: TaskActionsProps) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState('');
  const [asking, setAsking] = useState(false);
  const act = async (method: 'POST' | 'DELETE', path: string, after: string): Promise<void> => {
    setAsking(false);
    setBusy(true);
    setSaid('');
    setProblem(null);
    const told = await client.send<TaskAnswer>(method, `v1/tasks/${task.id}${path}`);
    setBusy(false);
    setProblem(told.ok ? null : told.problem);
    if (told.ok) setSaid(after);
    done();
  };
  const finished = task.finished_at !== null;
  return (
    <div class="stack">
      <div class="buttons">
        {task.state === 'scheduled' ? (
          <>
            <Button kind="main" disabled={busy} onClick={() => void act('POST', '/run', 'A run was committed.')}>
              Run now
            </Button>
            <Button disabled={busy} onClick={() => void act('POST', '/pause', 'Paused: nothing more is sent.')}>
              Pause
            </Button>
          </>
        ) : null}
        {task.state === 'paused' ? (
          <Button kind="main" disabled={busy} onClick={() => void act('POST', '/resume', 'Resumed.')}>
            Resume
          </Button>
        ) : null}
        {finished ? null : (
          <a class="button" href={`#/tasks/${task.id}/edit`}>
            Change
          </a>
        )}
        <a class="button" href={`#/new?like=${task.id}`}>
          New one like it
        </a>
        {finished ? null : (
          <Button kind="danger" disabled={busy} onClick={() => setAsking(true)}>
            Cancel the task
          </Button>
        )}
      </div>
      <div class="small quiet said" role="status">
        {said}
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} onDismiss={() => setProblem(null)} />}
      {asking ? (
        <Dialog title="Cancel the task?" onClose={() => setAsking(false)}>
          <p>
            Nothing of{' '}
            <strong>
              <NameOf task={task} />
            </strong>{' '}
            is sent any more, and that cannot be taken back. It stays readable for seven days.
          </p>
          <div class="buttons">
            <Button onClick={() => setAsking(false)}>Keep it</Button>
            <Button kind="danger" onClick={() => void act('DELETE', '', 'Cancelled.')}>
              Cancel the task
            </Button>
          </div>
        </Dialog>
      ) : null}
    </div>
  );
}
