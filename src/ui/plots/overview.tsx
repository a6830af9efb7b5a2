import { useState } from 'preact/hooks';
import type { BucketAnswer, StatisticsAnswer } from '../api/cluster-answers.ts';
import { useAnswer } from '../api/use-answer.ts';
import type { LiveEvent } from '../live/live-events.ts';
import { useReloadOn } from '../live/use-live.ts';
import type { Page } from '../page.ts';
import { Button } from '../parts/button.tsx';
import { localInstant } from '../parts/how-far.ts';
import { ProblemNotice } from '../parts/notice.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Plot } from './plot.tsx';
import { count, milliseconds } from './scale.ts';

const REFRESHED_EVERY_MS = 10_000;
/** However much happens. */
const AT_MOST_EVERY_MS = 2_000;
const BUCKETS_DRAWN_MIN = 30;

/** What the cluster did in the last hour, or day. */
export function Overview({ page }: { readonly page: Page }) {
  const [window, setWindow] = useState<'hour' | 'day'>('hour');
  const { value, problem, reload } = useAnswer<StatisticsAnswer>(
    page.client,
    'v1/stats',
    { window },
    REFRESHED_EVERY_MS,
  );
  useReloadOn(page.events, isCounted, reload, AT_MOST_EVERY_MS);
  return (
    <section class="stack" aria-labelledby="overview">
      <div class="title-row">
        <h2 id="overview">{window === 'hour' ? 'The last hour' : 'The last day'}</h2>
        <div class="buttons">
          <Button pressed={window === 'hour'} onClick={() => setWindow('hour')}>
            Hour
          </Button>
          <Button pressed={window === 'day'} onClick={() => setWindow('day')}>
            Day
          </Button>
        </div>
      </div>
      {/* That nothing answers is said once, by the page. */}
      {problem === null || problem.kind === 'unreachable' ? null : <ProblemNotice problem={problem} />}
      {value === null ? null : <Figures figures={value} />}
    </section>
  );
}

const isCounted = ({ kind }: LiveEvent): boolean =>
  kind === 'TaskCreated' || kind.startsWith('Execution') || kind.startsWith('Attempt') || kind === 'DueTimesSkipped';

/** Of a node that has just begun to count, what came before is not drawn as if nothing had happened. */
function knownOf({ buckets, since }: StatisticsAnswer): readonly BucketAnswer[] {
  const sinceMs = Date.parse(since);
  const first = buckets.findIndex(({ at }) => Date.parse(at) >= sinceMs);
  const known = first === -1 ? 1 : buckets.length - first + 1;
  return buckets.slice(-Math.max(BUCKETS_DRAWN_MIN, known));
}

const notSent = ({
  unknown,
  lost_attempts,
  skips,
}: Pick<BucketAnswer, 'unknown' | 'lost_attempts' | 'skips'>): number => unknown + lost_attempts + skips;

function Figures({ figures }: { readonly figures: StatisticsAnswer }) {
  const { total } = figures;
  const buckets = knownOf(figures);
  const times = buckets.map(({ at }) => localInstant(Date.parse(at)).slice(11, 16));
  const ended = total.succeeded + total.dead_letters + total.unknown;
  const { lateness } = total;
  return (
    <>
      <dl class="tiles">
        <Tile name="Fires" value={count(total.fires)} />
        <Tile name="Succeeded" value={ended === 0 ? '–' : `${count((100 * total.succeeded) / ended)} %`} />
        <Tile name="Late, at most (99 %)" value={lateness === null ? '–' : milliseconds(lateness.p99_ms)} />
        <Tile name="Dead letters" value={count(total.dead_letters)} bad={total.dead_letters > 0} />
      </dl>
      <div class="plots">
        <Plot
          title="Fires"
          summary={`${count(total.fires)} fires. The table below has the numbers.`}
          kind="bars"
          series={[{ name: 'fires', tone: 'accent', values: buckets.map(({ fires }) => fires) }]}
          times={times}
          format={count}
        />
        <Plot
          title="How late first attempts left"
          summary={
            lateness === null
              ? 'No attempt left.'
              : `Half within ${milliseconds(lateness.p50_ms)}, 99 of 100 within ${milliseconds(lateness.p99_ms)}, the latest after ${milliseconds(lateness.max_ms)}. The table below has the numbers.`
          }
          kind="lines"
          series={[
            { name: 'half within', tone: 'accent', values: buckets.map((one) => one.lateness?.p50_ms ?? null) },
            { name: '99 % within', tone: 'warn', values: buckets.map((one) => one.lateness?.p99_ms ?? null) },
          ]}
          times={times}
          format={milliseconds}
        />
        <Plot
          title="Failures"
          summary={`${count(total.failed_attempts)} attempts failed, ${count(total.dead_letters)} executions for good, ${count(notSent(total))} lost, unknown or passed over. The table below has the numbers.`}
          kind="bars"
          series={[
            {
              name: 'failed, tried again',
              tone: 'warn',
              values: buckets.map((one) => one.failed_attempts - one.dead_letters),
            },
            { name: 'failed for good', tone: 'bad', values: buckets.map((one) => one.dead_letters) },
            { name: 'lost or passed over', tone: 'idle', values: buckets.map(notSent) },
          ]}
          times={times}
          format={count}
        />
      </div>
      <details class="small">
        <summary>The same as a table</summary>
        <div class="card">
          <Table label="Figures by time" columns={COLUMNS} rows={rowsOf(buckets)} keyOf={({ at }) => at} />
        </div>
      </details>
      <p class="small quiet">
        Of the whole cluster, in steps of {figures.bucket}; this node has counted since{' '}
        {localInstant(Date.parse(figures.since))}.
      </p>
    </>
  );
}

function Tile({ name, value, bad = false }: { readonly name: string; readonly value: string; readonly bad?: boolean }) {
  return (
    <div class="tile card">
      <dt>{name}</dt>
      <dd class={bad ? 'tile-bad' : undefined}>{value}</dd>
    </div>
  );
}

/** The newest first; times in which nothing happened are left out. */
const rowsOf = (buckets: readonly BucketAnswer[]): readonly BucketAnswer[] =>
  buckets
    .filter((one) => one.fires + one.created + one.succeeded + one.failed_attempts + notSent(one) > 0)
    .toReversed();

const number = (title: string, value: (bucket: BucketAnswer) => string): Column<BucketAnswer> => ({
  title,
  cell: (bucket) => <span class="number">{value(bucket)}</span>,
});

const COLUMNS: readonly Column<BucketAnswer>[] = [
  { title: 'From', cell: ({ at }) => <time dateTime={at}>{localInstant(Date.parse(at))}</time> },
  number('Fires', ({ fires }) => count(fires)),
  number('Succeeded', ({ succeeded }) => count(succeeded)),
  number('Failed attempts', ({ failed_attempts }) => count(failed_attempts)),
  number('Dead letters', ({ dead_letters }) => count(dead_letters)),
  number('Lost or passed over', (one) => count(notSent(one))),
  number('Half within', ({ lateness }) => (lateness === null ? '–' : milliseconds(lateness.p50_ms))),
  number('99 % within', ({ lateness }) => (lateness === null ? '–' : milliseconds(lateness.p99_ms))),
];
