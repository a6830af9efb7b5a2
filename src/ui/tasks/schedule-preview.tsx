import { useEffect, useState } from 'preact/hooks';
import type { PreviewAnswer } from '../api/answers.ts';
import type { Client } from '../api/client.ts';
import type { Problem } from '../api/problem.ts';
import { useAnswer } from '../api/use-answer.ts';
import { Instant } from '../parts/instant.tsx';
import { tooLong } from './schedule-length.ts';

const TYPING_MS = 200;
const TIMES = 5;

/** What is said of a schedule while it is typed. */
export interface Preview {
  readonly answer: PreviewAnswer | null;
  readonly problem: Problem | null;
}

export function usePreview(client: Client, schedule: string, timezone: string): Preview {
  const [asked, setAsked] = useState({ schedule, timezone });
  useEffect(() => {
    const timer = setTimeout(() => setAsked({ schedule, timezone }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [schedule, timezone]);
  const format = asked.schedule.trim();
  const query = { format, timezone: asked.timezone, count: TIMES };
  const path = format === '' || tooLong(format) !== null ? null : 'v1/schedule/preview';
  const { value, problem, current } = useAnswer<PreviewAnswer>(client, path, query, 0);
  if (path === null) return { answer: null, problem: null };
  return { answer: problem === null && current ? value : null, problem };
}

export function SchedulePreview({ answer }: { readonly answer: PreviewAnswer }) {
  return (
    <div class="preview">
      <p>{answer.text}</p>
      {answer.next.length === 0 ? (
        <p class="quiet">No time is left at which it would fire.</p>
      ) : (
        <ol class="times" aria-label="Next times">
          {answer.next.map(({ at, local, note }) => (
            <li key={at}>
              <span class="mono small">{local}</span>
              <span class="quiet small">
                <Instant at={at} />
              </span>
              {note === undefined ? null : <span class="time-note small">{note}</span>}
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
