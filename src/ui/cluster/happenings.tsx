import { useEffect, useState } from 'preact/hooks';
import type { LiveEvent } from '../live/live-events.ts';
import type { Page } from '../page.ts';
import { Button } from '../parts/button.tsx';
import { localInstant } from '../parts/how-far.ts';
import { DRAWN_EVERY_MS, happeningOf, joined, KEPT } from './happening.ts';

/** What happens while one looks. However much that is, it is drawn a few times a second, and the newest are kept. */
export function Happenings({ page }: { readonly page: Page }) {
  const [shown, setShown] = useState<readonly LiveEvent[]>([]);
  const [holds, setHolds] = useState(false);
  useEffect(() => {
    if (holds) return;
    let waiting: LiveEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = page.events.listen({
      event(event) {
        waiting.push(event);
        if (waiting.length > 2 * KEPT) waiting = waiting.slice(-KEPT);
        timer ??= setTimeout(() => {
          timer = undefined;
          const newest = waiting;
          waiting = [];
          setShown((before) => joined(newest, before));
        }, DRAWN_EVERY_MS);
      },
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [page, holds]);
  return (
    <section class="card" aria-labelledby="happenings">
      <div class="card-head title-row">
        <h2 id="happenings">What happens</h2>
        <Button pressed={holds} onClick={() => setHolds(!holds)}>
          Hold
        </Button>
      </div>
      {shown.length === 0 ? (
        <p class="card-body quiet">Nothing since this page was opened. It appears here as it happens.</p>
      ) : (
        <ol class="happenings" aria-labelledby="happenings">
          {shown.map((event) => (
            <Line key={event.id} event={event} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Line({ event }: { readonly event: LiveEvent }) {
  const { words, tone } = happeningOf(event);
  const at = typeof event.at === 'string' ? event.at : null;
  return (
    <li>
      <span class={`attempt-mark mark-${tone}`} aria-hidden="true" />
      {at === null ? (
        <span class="quiet small">–</span>
      ) : (
        <time class="quiet small" dateTime={at}>
          {localInstant(Date.parse(at)).slice(11)}
        </time>
      )}
      <span>
        {event.task_id === undefined ? null : <a href={`#/tasks/${event.task_id}`}>task …{event.task_id.slice(-6)}</a>}{' '}
        {words}
      </span>
    </li>
  );
}
