import type { MissedAnswer } from '../api/answers.ts';
import type { Client } from '../api/client.ts';
import type { Page } from '../page.ts';
import { StateBadge } from '../parts/badge.tsx';
import { Instant } from '../parts/instant.tsx';
import type { Cursors } from '../route.ts';
import { Again } from './again.tsx';
import { missedWords } from './missed-words.ts';
import { WrongList } from './wrong-list.tsx';

/** Due times that nobody was there to take. */
export const MissedList = ({ page, cursors }: { readonly page: Page; readonly cursors: Cursors }) => (
  <WrongList<MissedAnswer>
    page={page}
    cursors={cursors}
    list="missed"
    path="v1/missed"
    kind="DueTimesSkipped"
    says="Due times that passed while nothing could be sent, the last ones first. Of what was more than ten seconds late the newest was sent, and the rest is here: it is not made up for. A task remembers its newest 50 events."
    label="Missed due times"
    empty={{
      title: 'Nothing was missed',
      says: 'Due times that nobody was there to take come here, by task.',
    }}
    item={(missed) => (
      <Missed key={`${missed.task.id} ${missed.at} ${missed.from}`} missed={missed} client={page.client} />
    )}
  />
);

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
