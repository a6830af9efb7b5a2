import type { DeadLetterAnswer, PageAnswer } from '../api/answers.ts';
import type { Client } from '../api/client.ts';
import { useAnswer } from '../api/use-answer.ts';
import { LiveBadge } from '../live/live-badge.tsx';
import { useReloadOn } from '../live/use-live.ts';
import type { Page } from '../page.ts';
import { StateBadge } from '../parts/badge.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Instant } from '../parts/instant.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { Pages, usePlace } from '../parts/pages.tsx';
import { Attempts } from '../tasks/attempts.tsx';
import { Again } from './again.tsx';
import { WhatWentWrong } from './what-went-wrong.tsx';

const PAGE_ITEMS = 20;
/** Beside what is told live: that may be cut off. */
const ASKED_ANYWAY_EVERY_MS = 15_000;

/** What failed for good: every attempt that its retry policy allowed. */
export function FailedList({ page }: { readonly page: Page }) {
  const { client, events } = page;
  const place = usePlace('failed');
  const query = { limit: PAGE_ITEMS, cursor: place.cursor };
  const { value, problem, current, reload } = useAnswer<PageAnswer<DeadLetterAnswer>>(
    client,
    'v1/dead-letters',
    query,
    ASKED_ANYWAY_EVERY_MS,
  );
  useReloadOn(events, ({ kind }) => kind === 'ExecutionFailed', reload);
  return (
    <>
      <div class="task-title">
        <h1>What went wrong</h1>
        <LiveBadge events={events} />
      </div>
      <WhatWentWrong current="failed" />
      <p class="quiet">
        Executions whose every attempt failed, the last one first. They are kept for 30 days, up to 1,000 a task.
      </p>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {value === null ? null : (
        <div class="card" aria-busy={!current}>
          {value.items.length === 0 ? (
            <EmptyState title="Nothing has failed">
              <p>An execution that used up its attempts comes here, with what its target answered.</p>
            </EmptyState>
          ) : (
            <ol class="timeline" aria-label="Failed executions">
              {value.items.map((letter) => (
                <DeadLetter key={letter.execution.id} letter={letter} client={client} />
              ))}
            </ol>
          )}
        </div>
      )}
      <Pages place={place} next={value?.next_cursor ?? null} busy={!current} />
    </>
  );
}

function DeadLetter({ letter, client }: { readonly letter: DeadLetterAnswer; readonly client: Client }) {
  const { task, execution } = letter;
  return (
    <li class="execution">
      <div class="title-row">
        <div class="execution-head">
          <a class="strong" href={`#/tasks/${task.id}`}>
            {task.name ?? task.id}
          </a>
          <span class="number">Run {execution.run}</span>
          <Instant at={execution.ended_at} full />
          {task.state === 'scheduled' ? null : <StateBadge state={task.state} />}
        </div>
        <Again task={task} client={client} word="Run again" />
      </div>
      <Attempts attempts={execution.attempts} />
    </li>
  );
}
