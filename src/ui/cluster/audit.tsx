import type { AuditAnswer } from '../api/cluster-answers.ts';
import { useAnswer } from '../api/use-answer.ts';
import { useReloadOn } from '../live/use-live.ts';
import type { Page } from '../page.ts';
import { Badge } from '../parts/badge.tsx';
import { Instant } from '../parts/instant.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { detailsInWords } from './happening.ts';

const REFRESHED_EVERY_MS = 30_000;
const SHOWN = 8;

/** What operators asked for lately, and what came of it. */
export function Audit({ page }: { readonly page: Page }) {
  const { value, problem, reload } = useAnswer<AuditAnswer>(page.client, 'v1/cluster/audit', {}, REFRESHED_EVERY_MS);
  useReloadOn(page.events, ({ kind }) => kind === 'OperationRequested' || kind === 'OperationEnded', reload);
  return (
    <section class="card" aria-labelledby="audit">
      <div class="card-head">
        <h2 id="audit">Asked for by operators</h2>
      </div>
      <div class="card-body">
        {problem === null || problem.kind === 'unreachable' ? null : <ProblemNotice problem={problem} />}
        {value === null ? null : value.items.length === 0 ? (
          <p class="quiet">Nothing yet.</p>
        ) : (
          <ul class="records">
            {value.items.slice(0, SHOWN).map((item) => (
              <li key={`${item.request_id} ${item.at}`}>
                <div>
                  <strong>{item.operation.replaceAll('-', ' ')}</strong> {detailsInWords(item.details)}{' '}
                  <Outcome {...item} />
                </div>
                {item.reason === null ? null : <div class="small">{item.reason}</div>}
                <div class="small quiet">
                  <Instant at={item.at} /> · {item.by}
                </div>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}

/** Of a request that is under way, too, nobody knows yet. */
function Outcome({ outcome }: Pick<AuditAnswer['items'][number], 'outcome'>) {
  if (outcome === 'done') return <Badge tone="good">done</Badge>;
  if (outcome === 'refused') return <Badge tone="warn">refused</Badge>;
  return <Badge tone="idle">not known</Badge>;
}
