import { useState } from 'preact/hooks';
import type { ExecutionAnswer, PageAnswer } from '../api/answers.ts';
import { useAnswer } from '../api/use-answer.ts';
import { useReloadOn } from '../live/use-live.ts';
import type { Page } from '../page.ts';
import { Badge, StateBadge } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Instant } from '../parts/instant.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { lateByMs, printMs } from './attempt-words.ts';
import { Attempts } from './attempts.tsx';

const PAGE_ITEMS = 20;
/** An answer holds as many; beyond stands the API. */
const ITEMS_MAX = 100;

export interface ExecutionsProps {
  readonly page: Page;
  readonly taskId: string;
  readonly everyMs: number;
}

/** What was sent for a task and what came of it, the newest first. */
export function Executions({ page, taskId, everyMs }: ExecutionsProps) {
  const [limit, setLimit] = useState(PAGE_ITEMS);
  const path = `v1/tasks/${taskId}/executions`;
  const { value, problem, reload } = useAnswer<PageAnswer<ExecutionAnswer>>(page.client, path, { limit }, everyMs);
  useReloadOn(page.events, (event) => event.task_id === taskId, reload);
  const more = value !== null && value.next_cursor !== null && limit < ITEMS_MAX;
  return (
    <section class="card" aria-labelledby="executions">
      <div class="card-head">
        <h2 id="executions">Executions</h2>
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {value === null ? null : value.items.length === 0 ? (
        <EmptyState title="Nothing was sent yet">
          <p>Each time that the task falls due, or is run by hand, stands here with what the target answered.</p>
        </EmptyState>
      ) : (
        <ol class="timeline">
          {value.items.map((execution) => (
            <Execution key={execution.run} execution={execution} />
          ))}
        </ol>
      )}
      {more ? (
        <div class="card-foot">
          <Button onClick={() => setLimit(Math.min(limit + 2 * PAGE_ITEMS, ITEMS_MAX))}>Show older ones</Button>
        </div>
      ) : null}
    </section>
  );
}

function Execution({ execution }: { readonly execution: ExecutionAnswer }) {
  const { state, run, scheduled_at, trigger, late, attempts, next_attempt_at } = execution;
  const lateMs = lateByMs(scheduled_at, attempts);
  return (
    <li class={`execution execution-${state}`}>
      <div class="execution-head">
        <StateBadge state={state} />
        <strong class="number">Run {run}</strong>
        <Instant at={scheduled_at} full />
        {trigger === 'manual' ? <Badge tone="idle">by hand</Badge> : null}
        {late ? <Badge tone="warn">late</Badge> : null}
        {lateMs === null ? null : <span class="quiet small number">sent after {printMs(Math.max(0, lateMs))}</span>}
      </div>
      <Attempts attempts={attempts} />
      {next_attempt_at === null || state !== 'waiting' ? null : (
        <p class="small quiet">
          Next attempt <Instant at={next_attempt_at} />
        </p>
      )}
    </li>
  );
}
