import {
  type PageAnswer,
  type PreviewAnswer,
  type ReadTask,
  type RecordAnswer,
  readTask,
  type TaskAnswer,
} from '../api/answers.ts';
import type { Client } from '../api/client.ts';
import { indented } from '../api/json-text.ts';
import { useAnswer } from '../api/use-answer.ts';
import { SchedulingPaused, useSchedulingPaused } from '../cluster/scheduling-paused.tsx';
import { LiveBadge } from '../live/live-badge.tsx';
import { useReloadOn } from '../live/use-live.ts';
import type { Page } from '../page.ts';
import { StateBadge } from '../parts/badge.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { howFar, howFarWhileHeld } from '../parts/how-far.ts';
import { Instant } from '../parts/instant.tsx';
import { isolated } from '../parts/isolated.ts';
import { ProblemNotice } from '../parts/notice.tsx';
import { useTitle } from '../parts/title.ts';
import { listAddress } from '../route.ts';
import { Executions } from './executions.tsx';
import { previewOf } from './next-times.ts';
import { isMissed, wordsOf } from './record-words.ts';
import { SchedulePreview } from './schedule-preview.tsx';
import { ScheduleText } from './schedule-text.tsx';
import { TaskActions } from './task-actions.tsx';

/** Beside what is told live: that may be cut off. */
const ASKED_ANYWAY_EVERY_MS = 15_000;

export function TaskPage({ page, taskId }: { readonly page: Page; readonly taskId: string }) {
  const { client, events } = page;
  const path = `v1/tasks/${taskId}`;
  const { value: task, problem, reload } = useAnswer<ReadTask>(client, path, {}, ASKED_ANYWAY_EVERY_MS, readTask);
  useReloadOn(events, (event) => event.task_id === taskId, reload);
  const held = useSchedulingPaused(page);
  useTitle(isolated(task?.name ?? `Task ${taskId}`));
  if (task === null) {
    if (problem === null) return null;
    return problem.code === 'task_not_found' ? (
      <>
        <h1>There is no such task</h1>
        <p>
          A finished one is kept for seven days. <a href="#/tasks">All tasks</a>
        </p>
      </>
    ) : (
      <ProblemNotice problem={problem} />
    );
  }
  return (
    <>
      <div class="title-row">
        <div class="task-title">
          <h1>{task.name ?? task.id}</h1>
          <StateBadge state={task.state} />
          <LiveBadge events={events} />
        </div>
        <TaskActions client={client} task={task} done={reload} />
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {held ? <SchedulingPaused /> : null}
      <div class="task-columns">
        <div class="stack">
          <Executions page={page} taskId={taskId} everyMs={ASKED_ANYWAY_EVERY_MS} />
        </div>
        <div class="stack">
          <Facts task={task} held={held} />
          <NextTimes client={client} task={task} />
          <Records page={page} task={task} />
        </div>
      </div>
    </>
  );
}

function Facts({ task, held }: { readonly task: ReadTask; readonly held: boolean }) {
  const { callback, retry } = task;
  const headers = Object.entries(callback.headers);
  return (
    <section class="card card-body facts-card" aria-label="The task">
      <dl class="facts">
        <dt>Next</dt>
        <dd>
          <Instant
            at={task.next_at}
            full
            words={held ? howFarWhileHeld : howFar}
            none={task.state === 'paused' ? 'paused' : 'nothing is left'}
          />
        </dd>
        <dt>Schedule</dt>
        <dd>
          <ScheduleText task={task} />
        </dd>
        <dt>Calls</dt>
        <dd class="mono small">
          {callback.method} {callback.url}
        </dd>
        {headers.length === 0 ? null : (
          <>
            <dt>Headers</dt>
            <dd class="mono small">
              {headers.map(([name, value]) => (
                <div key={name}>
                  {name}: {value}
                </div>
              ))}
            </dd>
          </>
        )}
        {task.bodyText === null ? null : (
          <>
            <dt>Body</dt>
            <dd>
              <pre class="code small">{indented(task.bodyText)}</pre>
            </dd>
          </>
        )}
        <dt>Retry</dt>
        <dd>
          {retry.attempts} attempts, {retry.backoff} doubling up to {retry.backoff_max}
        </dd>
        <dt>Delivery</dt>
        <dd>{task.delivery.replaceAll('_', ' ')}</dd>
        {task.tags.length === 0 ? null : (
          <>
            <dt>Tags</dt>
            <dd class="task-name">
              {task.tags.map((tag) => (
                <a key={tag} class="tag" href={listAddress({ name: '', state: '', tag })}>
                  {tag}
                </a>
              ))}
            </dd>
          </>
        )}
        <dt>Id</dt>
        <dd class="mono small">
          {task.id} <CopyButton text={task.id} what="the id" />
        </dd>
        <dt>Version</dt>
        <dd class="number">{task.version}</dd>
      </dl>
    </section>
  );
}

function NextTimes({ client, task }: { readonly client: Client; readonly task: TaskAnswer }) {
  const query = previewOf(task);
  const shown = query !== null;
  const { value } = useAnswer<PreviewAnswer>(client, shown ? 'v1/schedule/preview' : null, query ?? {}, 0);
  if (!shown || value === null) return null;
  return (
    <section class="card card-body" aria-labelledby="next-times">
      <h2 id="next-times">Next times</h2>
      <SchedulePreview answer={value} />
    </section>
  );
}

/** What was done to the task itself, and which due times were missed. */
function Records({ page, task }: { readonly page: Page; readonly task: TaskAnswer }) {
  const path = `v1/tasks/${task.id}/events`;
  const { value, reload } = useAnswer<PageAnswer<RecordAnswer>>(page.client, path, {}, ASKED_ANYWAY_EVERY_MS);
  useReloadOn(page.events, (event) => event.task_id === task.id, reload);
  if (value === null) return null;
  return (
    <section class="card card-body" aria-labelledby="records">
      <h2 id="records">History</h2>
      <ol class="records">
        {value.items.toReversed().map((record, position) => (
          <li
            key={`${record.at} ${value.items.length - position}`}
            class={isMissed(record) ? 'record-missed' : undefined}
          >
            <div>{wordsOf(record)}</div>
            <div class="quiet small">
              <Instant at={record.at} /> · by {record.by}
            </div>
            {record.from === undefined || record.through === undefined ? null : (
              <div class="small mono">
                {record.from}
                {record.from === record.through ? '' : ` … ${record.through}`}
              </div>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
