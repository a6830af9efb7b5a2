import { useEffect, useState } from 'preact/hooks';
import type { PageAnswer, TaskAnswer } from '../api/answers.ts';
import type { Client, Told } from '../api/client.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { howFar, localInstant } from './instant.ts';

const COLUMNS: readonly Column<TaskAnswer>[] = [
  { title: 'Task', cell: (task) => <a href={`#/tasks/${task.id}`}>{task.name ?? task.id}</a> },
  { title: 'Schedule', cell: (task) => <code>{task.schedule}</code> },
  { title: 'State', cell: (task) => <span class="badge">{task.state}</span> },
  { title: 'Next', cell: (task) => <Next at={task.next_at} /> },
];

export function TaskList({ client }: { readonly client: Client }) {
  const [told, setTold] = useState<Told<PageAnswer<TaskAnswer>> | null>(null);
  useEffect(() => {
    const leaving = new AbortController();
    void client.get<PageAnswer<TaskAnswer>>('v1/tasks', { limit: 50 }, leaving.signal).then((answer) => {
      if (!leaving.signal.aborted) setTold(answer);
    });
    return () => leaving.abort();
  }, [client]);
  return (
    <>
      <div class="title-row">
        <h1>Tasks</h1>
      </div>
      {told === null ? null : told.ok ? <Listed tasks={told.value.items} /> : <ProblemNotice problem={told.problem} />}
    </>
  );
}

function Listed({ tasks }: { readonly tasks: readonly TaskAnswer[] }) {
  return (
    <div class="card">
      {tasks.length === 0 ? (
        <EmptyState title="No tasks yet">
          <p>A task calls a URL when it is due.</p>
        </EmptyState>
      ) : (
        <Table label="Tasks" columns={COLUMNS} rows={tasks} keyOf={(task) => task.id} />
      )}
    </div>
  );
}

function Next({ at }: { readonly at: string | null }) {
  if (at === null) return <span class="quiet">–</span>;
  const atMs = Date.parse(at);
  return (
    <time dateTime={at} title={localInstant(atMs)}>
      {howFar(atMs, Date.now())}
    </time>
  );
}
