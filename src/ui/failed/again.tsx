import { useState } from 'preact/hooks';
import type { NamedTaskAnswer, TaskAnswer } from '../api/answers.ts';
import type { Client } from '../api/client.ts';
import type { Problem } from '../api/problem.ts';
import { Button } from '../parts/button.tsx';
import { isolated } from '../parts/isolated.ts';
import { ProblemNotice } from '../parts/notice.tsx';

interface AgainProps {
  readonly task: NamedTaskAnswer;
  readonly client: Client;
  /** On the button. */
  readonly word: string;
}

/** A run asked for is a new execution, with an id of its own. A finished task runs no more: another one like it does. */
export function Again({ task, client, word }: AgainProps) {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  if (task.state === 'paused') {
    return (
      <a class="button" href={`#/tasks/${task.id}`}>
        Resume it first
      </a>
    );
  }
  if (task.state !== 'scheduled') {
    return (
      <a class="button" href={`#/new?like=${task.id}`}>
        New one like it
      </a>
    );
  }
  const run = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    const told = await client.send<TaskAnswer>('POST', `v1/tasks/${task.id}/run`);
    setBusy(false);
    setProblem(told.ok ? null : told.problem);
    setSaid(told.ok ? `Run ${told.value.run_count} was committed.` : '');
  };
  return (
    <div class="buttons">
      <span class="small quiet" role="status">
        {said}
      </span>
      <Button disabled={busy} onClick={() => void run()} label={`${word}: ${isolated(task.name ?? task.id)}`}>
        {word}
      </Button>
      {problem === null ? null : <ProblemNotice problem={problem} onDismiss={() => setProblem(null)} />}
    </div>
  );
}
