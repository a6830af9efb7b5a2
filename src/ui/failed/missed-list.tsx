import type { MissedAnswer, PageAnswer } from '../api/answers.ts';
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
import { Again } from './again.tsx';
import { missedWords } from './missed-words.ts';
import { WhatWentWrong } from './what-went-wrong.tsx';

const PAGE_ITEMS = 20;
/** Beside what is told live: that may be cut off. */
const ASKED_ANYWAY_EVERY_MS = 15_000;

/** Due times that nobody was there to take. */
export function MissedList({ page }: { readonly page: Page }) {
  const { client, events } = page;
  const place = usePlace('missed');
  const query = { limit: PAGE_ITEMS, cursor: place.cursor };
  const { value, problem, current, reload } = useAnswer<PageAnswer<MissedAnswer>>(
    client,
    'v1/missed',
    query,
    ASKED_ANYWAY_EVERY_MS,
  );
  useReloadOn(events, ({ kind }) => kind === 'DueTimesSkipped', reload);
  return (
    <>
      <div class="task-title">
        <h1>What went wrong</h1>
        <LiveBadge events={events} />
      </div>
      <WhatWentWrong current="missed" />
      <p class="quiet">
        Due times that passed while nothing could be sent, the last ones first. Of what was more than ten seconds late
        the newest was sent, and the rest is here: it is not made up for. A task remembers its newest 50 events.
      </p>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {value === null ? null : (
        <div class="card" aria-busy={!current}>
          {value.items.length === 0 ? (
            <EmptyState title="Nothing was missed">
              <p>Due times that nobody was there to take come here, by task.</p>
            </EmptyState>
          ) : (
            <ol class="timeline" aria-label="Missed due times">
              {value.items.map((missed) => (
                <Missed key={`${missed.task.id} ${missed.at} ${missed.from}`} missed={missed} client={client} />
              ))}
            </ol>
          )}
        </div>
      )}
      <Pages place={place} next={value?.next_cursor ?? null} busy={!current} />
    </>
  );
}

function Missed({ missed, client }: { readonly missed: MissedAnswer; readonly client: Client }) {
  const { task, at } = missed;
  return (
    <li class="execution">
      <div class="title-row">
        <div class="execution-head">
          <a class="strong" href={`#/tasks/${task.id}`}>
            {task.name ?? task.id}
          </a>
          <Instant at={at} full />
          {task.state === 'scheduled' ? null : <StateBadge state={task.state} />}
        </div>
        <Again task={task} client={client} word="Run now" />
      </div>
      <p class="small">{missedWords(missed)}</p>
    </li>
  );
}
