import type { ComponentChildren } from 'preact';
import type { PageAnswer } from '../api/answers.ts';
import { useAnswer } from '../api/use-answer.ts';
import { LiveBadge } from '../live/live-badge.tsx';
import { useReloadOn } from '../live/use-live.ts';
import type { Page } from '../page.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { Pages, placeIn } from '../parts/pages.tsx';
import type { Cursors } from '../route.ts';
import { WhatWentWrong } from './what-went-wrong.tsx';

const PAGE_ITEMS = 20;
/** Beside what is told live: that may be cut off. */
const ASKED_ANYWAY_EVERY_MS = 15_000;

interface WrongListProps<T> {
  readonly page: Page;
  readonly cursors: Cursors;
  readonly list: 'failed' | 'missed';
  readonly path: string;
  /** Of the event with which there is one more. */
  readonly kind: string;
  readonly says: string;
  readonly label: string;
  readonly empty: { readonly title: string; readonly says: string };
  readonly item: (one: T) => ComponentChildren;
}

/** What went wrong in one of the two ways, of all tasks, page by page and live. */
export function WrongList<T>({ page, cursors, list, path, kind, says, label, empty, item }: WrongListProps<T>) {
  const { client, events } = page;
  const place = placeIn(`#/${list}`, cursors);
  const query = { limit: PAGE_ITEMS, cursor: place.cursor };
  const { value, problem, current, reload } = useAnswer<PageAnswer<T>>(client, path, query, ASKED_ANYWAY_EVERY_MS);
  useReloadOn(events, (event) => event.kind === kind, reload);
  return (
    <>
      <div class="task-title">
        <h1>What went wrong</h1>
        <LiveBadge events={events} />
      </div>
      <WhatWentWrong current={list} />
      <p class="quiet">{says}</p>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {value === null ? null : (
        <div class="card" aria-busy={!current}>
          {value.items.length === 0 ? (
            <EmptyState title={empty.title}>
              <p>{empty.says}</p>
            </EmptyState>
          ) : (
            <ol class="timeline" aria-label={label}>
              {value.items.map(item)}
            </ol>
          )}
        </div>
      )}
      <Pages place={place} next={value?.next_cursor ?? null} busy={!current} />
    </>
  );
}
