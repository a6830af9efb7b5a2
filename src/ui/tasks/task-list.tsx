import type { PageAnswer, TaskAnswer } from '../api/answers.ts';
import { useAnswer } from '../api/use-answer.ts';
import { SchedulingPaused, useSchedulingPaused } from '../cluster/scheduling-paused.tsx';
import { LiveBadge } from '../live/live-badge.tsx';
import { useReloadOn } from '../live/use-live.ts';
import type { Page } from '../page.ts';
import { StateBadge } from '../parts/badge.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { howFar, howFarWhileHeld } from '../parts/how-far.ts';
import { Instant } from '../parts/instant.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { Pages, placeIn } from '../parts/pages.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { type Cursors, listAddress, type TaskListFilter } from '../route.ts';
import { FilterBar } from './filter-bar.tsx';
import { listsNewTask } from './listed-by.ts';
import { ScheduleText } from './schedule-text.tsx';

const columns = (nextInWords: typeof howFar): readonly Column<TaskAnswer>[] => [
  {
    title: 'Task',
    cell: (task) => (
      <div class="task-name">
        <a href={`#/tasks/${task.id}`}>{task.name ?? task.id}</a>
        {task.tags.map((tag) => (
          <a key={tag} class="tag" href={listAddress({ name: '', state: '', tag })}>
            {tag}
          </a>
        ))}
      </div>
    ),
  },
  {
    title: 'Schedule',
    cell: (task) => <ScheduleText task={task} />,
  },
  { title: 'Calls', cell: (task) => <span class="mono small shortened">{task.callback.url}</span> },
  { title: 'Next', cell: (task) => <Instant at={task.next_at} words={nextInWords} /> },
  { title: 'Runs', cell: (task) => <span class="number">{task.run_count}</span> },
  { title: 'State', cell: (task) => <StateBadge state={task.state} /> },
];

const COLUMNS = columns(howFar);
const COLUMNS_WHILE_HELD = columns(howFarWhileHeld);

const PAGE_ITEMS = 50;
/** Beside what is told live: that may be cut off. */
const ASKED_ANYWAY_EVERY_MS = 15_000;

interface TaskListProps {
  readonly page: Page;
  readonly filter: TaskListFilter;
  readonly cursors: Cursors;
}

export function TaskList({ page, filter, cursors }: TaskListProps) {
  const address = listAddress(filter);
  const place = placeIn(address, cursors);
  const query = { ...filter, order: 'newest', limit: PAGE_ITEMS, cursor: place.cursor };
  const answered = useAnswer<PageAnswer<TaskAnswer>>(page.client, 'v1/tasks', query, ASKED_ANYWAY_EVERY_MS);
  const { value, problem, current } = answered;
  const held = useSchedulingPaused(page);
  useReloadOn(
    page.events,
    (event) =>
      (place.cursor === null && listsNewTask(filter, event)) ||
      value?.items.some(({ id }) => id === event.task_id) === true,
    answered.reload,
  );
  return (
    <>
      <div class="title-row">
        <div class="task-title">
          <h1>Tasks</h1>
          <LiveBadge events={page.events} />
        </div>
        <a class="button button-main" href="#/new">
          New task
        </a>
      </div>
      <FilterBar filter={filter} />
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {held ? <SchedulingPaused /> : null}
      {value === null ? null : (
        <div class="card" aria-busy={!current}>
          {value.items.length === 0 ? (
            <Nothing filtered={address !== '#/tasks'} />
          ) : (
            <Table
              label="Tasks"
              columns={held ? COLUMNS_WHILE_HELD : COLUMNS}
              rows={value.items}
              keyOf={(task) => task.id}
            />
          )}
        </div>
      )}
      <Pages place={place} next={value?.next_cursor ?? null} busy={!current} />
    </>
  );
}

function Nothing({ filtered }: { readonly filtered: boolean }) {
  if (filtered) {
    return (
      <EmptyState title="No task is like that">
        <p>Names are searched for what you typed, letter case aside; a tag has to be whole.</p>
        <a class="button" href="#/tasks">
          Show all tasks
        </a>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No tasks yet">
      <p>A task calls a URL when it is due: every night, each weekday at nine, or once in ten minutes.</p>
      <a class="button button-main" href="#/new">
        Create the first one
      </a>
    </EmptyState>
  );
}
