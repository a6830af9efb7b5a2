import { useState } from 'preact/hooks';
import type { Execution } from '../../tasks/execution.ts';
import type { Task, TaskId } from '../../tasks/task.ts';
import type { Change, FoldedEntry, TracedTasks } from '../../trace/traced-tasks.ts';
import { Button } from '../parts/button.tsx';
import { isolated } from '../parts/isolated.ts';
import type { Debugger } from './debugger.ts';
import { Fact, Part } from './detail.tsx';
import { differences } from './differences.ts';
import { instant } from './instants.ts';

/** The state as it is folded up to the entry that one looks at, what that entry did to it, and one task's whole life. */

const TASKS_SHOWN = 40;
const RUNS_SHOWN = 6;

export function Projection({ debug }: { readonly debug: Debugger }) {
  const at = debug.folded;
  if (at === null) {
    return (
      <section class="card detail" aria-label="Projection">
        <h2>Projection</h2>
        <p class="quiet">No entry was committed up to here.</p>
      </section>
    );
  }
  const { entry, folded, state } = at;
  return (
    <section class="card detail" aria-label="Projection">
      <div class="trace-head">
        <h2>Projection at {entry.index}</h2>
        <span class="quiet small">
          {state.tasks.size} tasks, {state.runs.size} executions
        </span>
      </div>
      <Entry folded={folded} kind={entry.kind} debug={debug} />
      {debug.task === null ? null : <TaskLife debug={debug} taskId={debug.task as TaskId} state={state} />}
      <Part title="Tasks">
        {state.tasks.size === 0 ? <p class="quiet">None that this trace knows.</p> : null}
        {state.older.size === 0 ? null : (
          <p class="quiet small">
            {state.older.size} more are older than this trace: of them only what happened since is known.
          </p>
        )}
        <ul class="folded">
          {[...state.tasks.values()].slice(-TASKS_SHOWN).map((task) => (
            <li key={task.taskId}>
              <button
                type="button"
                class="folded-task"
                aria-pressed={task.taskId === debug.task}
                onClick={() => debug.set({ task: task.taskId })}
              >
                <span class="folded-name">{task.definition.name ?? task.taskId}</span>
                <span class={`badge badge-${STATE_KIND[task.state]}`}>{task.state}</span>
              </button>
            </li>
          ))}
        </ul>
        {state.tasks.size > TASKS_SHOWN ? <p class="quiet small">The newest {TASKS_SHOWN} are listed.</p> : null}
      </Part>
    </section>
  );
}

const STATE_KIND: Readonly<Record<string, string>> = {
  scheduled: 'accent',
  paused: 'warn',
  completed: 'good',
  cancelled: '',
  attempting: 'accent',
  waiting: 'warn',
  succeeded: 'good',
  failed: 'bad',
  skipped: '',
  unknown: 'bad',
};

function Entry({
  folded,
  kind,
  debug,
}: {
  readonly folded: FoldedEntry;
  readonly kind: string;
  readonly debug: Debugger;
}) {
  return (
    <Part title={folded.atMs === null ? `Entry: ${kind}` : `Entry of ${instant(folded.atMs)}`}>
      {folded.problem === null ? null : <p class="quiet">{folded.problem}.</p>}
      <ul class="plain">
        {folded.events.map(({ event, by, refused, older }, at) => {
          const { type, ...about } = event;
          return (
            <li key={at} class={refused === null ? undefined : 'move-no'}>
              <code>{type}</code> <span class="quiet small">by {by}</span>
              {'taskId' in about ? (
                <Button
                  kind="plain"
                  label={`Look at task ${about.taskId}`}
                  onClick={() => debug.set({ task: about.taskId as string })}
                >
                  {about.taskId as string}
                </Button>
              ) : null}
              {refused === null ? null : (
                <div class="move-why">Did nothing: {JSON.stringify(refused)} did not hold.</div>
              )}
              {older ? <div class="quiet small">Of a task that is older than this trace.</div> : null}
            </li>
          );
        })}
      </ul>
      <Changes changes={folded.changes} />
    </Part>
  );
}

function Changes({ changes }: { readonly changes: readonly Change[] }) {
  return (
    <dl class="debug-facts">
      {changes.map((change) => (
        <Fact key={`${change.kind} ${change.id}`} name={`${change.kind} ${change.id}`}>
          <Changed change={change} />
        </Fact>
      ))}
    </dl>
  );
}

function Changed({ change: { before, after } }: { readonly change: Change }) {
  if (after === null) return <del>removed</del>;
  if (before === null) return <ins>new: {after.state}</ins>;
  const all = differences(flat(before), flat(after));
  return (
    <ul class="plain">
      {all.map(({ name, from, to }) => (
        <li key={name}>
          {name} <del>{String(from)}</del> <ins>{String(to)}</ins>
        </li>
      ))}
    </ul>
  );
}

function flat(entity: Task | Execution): Readonly<Record<string, unknown>> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(entity)) {
    if (name === 'definition' || name === 'records') continue;
    if (name === 'attempts') {
      const last = (value as Execution['attempts']).at(-1);
      shown.attempt = last === undefined ? 'none' : `${last.number} on ${last.nodeId}: ${last.result}`;
    } else if (name.endsWith('AtMs')) shown[name.slice(0, -2)] = value === null ? 'none' : instant(value as number);
    else shown[name] = Array.isArray(value) ? value.join(' ') || 'none' : value;
  }
  return shown;
}

interface TaskLifeProps {
  readonly debug: Debugger;
  readonly taskId: TaskId;
  readonly state: TracedTasks;
}

function TaskLife({ debug, taskId, state }: TaskLifeProps) {
  const task = state.tasks.get(taskId);
  const all = [...state.runs.values()].filter((run) => run.taskId === taskId).sort((one, other) => other.run - one.run);
  const [more, setMore] = useState(false);
  const runs = more ? all : all.slice(0, RUNS_SHOWN);
  return (
    <Part title={`Task ${isolated(task?.definition.name ?? taskId)}`}>
      <div class="buttons">
        <Button onClick={() => debug.set({ filter: { ...debug.filter, task: taskId } })}>Its lines</Button>
        {debug.source === 'live' ? (
          <a class="button" href={`./#/tasks/${taskId}`}>
            In the dashboard
          </a>
        ) : null}
        <Button kind="plain" onClick={() => debug.set({ task: null })}>
          Close
        </Button>
      </div>
      {task === undefined ? (
        <p class="quiet">
          {state.older.has(taskId) ? 'It is older than this trace.' : 'It is not there at this entry.'}
        </p>
      ) : (
        <>
          <dl class="debug-facts">
            <Fact name="id">{taskId}</Fact>
            <Fact name="state">{task.state}</Fact>
            <Fact name="version">{task.version}</Fact>
            <Fact name="next">{instant(task.nextAtMs)}</Fact>
            <Fact name="runs">{task.runCount}</Fact>
          </dl>
          <ol class="life">
            {task.records.map(({ atMs, type, by }) => (
              <li key={`${atMs} ${type}`}>
                <time>{instant(atMs)}</time> <code>{type}</code> <span class="quiet">by {by}</span>
              </li>
            ))}
          </ol>
        </>
      )}
      {runs.length === all.length ? null : (
        <Button kind="plain" onClick={() => setMore(true)}>
          Show all {all.length} executions
        </Button>
      )}
      {runs.map((run) => (
        <div key={run.run} class="run">
          <div>
            <strong>Execution {run.run}</strong> <span class={`badge badge-${STATE_KIND[run.state]}`}>{run.state}</span>{' '}
            <span class="quiet small">due {instant(run.scheduledAtMs)}</span>
          </div>
          <ol class="plain small">
            {run.attempts.map((attempt) => (
              <li key={attempt.number}>
                Attempt {attempt.number} on {attempt.nodeId}: {attempt.result}
                {attempt.status === null ? '' : `, status ${attempt.status}`}
                {attempt.error === null ? '' : `, ${attempt.error}`}
                <span class="quiet"> claimed {instant(attempt.claimedAtMs)}</span>
              </li>
            ))}
          </ol>
        </div>
      ))}
    </Part>
  );
}
