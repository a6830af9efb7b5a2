import type { DeadLetterAnswer } from '../api/answers.ts';
import type { Client } from '../api/client.ts';
import type { Page } from '../page.ts';
import { StateBadge } from '../parts/badge.tsx';
import { Instant } from '../parts/instant.tsx';
import type { Cursors } from '../route.ts';
import { Attempts } from '../tasks/attempts.tsx';
import { Again } from './again.tsx';
import { WrongList } from './wrong-list.tsx';

/** What failed for good: every attempt that its retry policy allowed. */
export const FailedList = ({ page, cursors }: { readonly page: Page; readonly cursors: Cursors }) => (
  <WrongList<DeadLetterAnswer>
    page={page}
    cursors={cursors}
    list="failed"
    path="v1/dead-letters"
    kind="ExecutionFailed"
    says="Executions whose every attempt failed, the last one first. They are kept for 30 days, up to 1,000 a task."
    label="Failed executions"
    empty={{
      title: 'Nothing has failed',
      says: 'An execution that used up its attempts comes here, with what its target answered.',
    }}
    item={(letter) => <DeadLetter key={letter.execution.id} letter={letter} client={page.client} />}
  />
);

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
