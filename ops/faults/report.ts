import { type Finding, inWords, NOTHING_SHOWN, showsNothing } from './judging.ts';
import type { SoakReport } from './soak.ts';

/** What a run showed, for a person. */
export const hasFailed = ({ judgement, broken }: SoakReport): boolean =>
  judgement.findings.length > 0 || broken.length > 0 || showsNothing(judgement);

const SHOWN_MAX = 12;

export function reportLines(report: SoakReport): readonly string[] {
  const { judgement, faults, failoversMs, outcomes, broken } = report;
  const count = (...names: readonly Finding['fault'][]): number =>
    judgement.findings.filter(({ fault }) => names.includes(fault)).length;
  return [
    `seed ${report.seed}, ${(report.lastedMs / 1_000).toFixed(0)} s, ${report.brokers === 'one' ? 'one broker' : 'a broker for each node'}`,
    `faults: ${inOrder(faults)}`,
    `fires expected ${judgement.expected}, missing ${count('missing')}, repeated under the same id ${judgement.repeatedSameId}, under another id ${count('second id', 'id of another')}`,
    `  passed over by policy after an outage, and said ${judgement.passedOver}; sent at most once and ended unknown ${judgement.endedUnknown}; not judged, around a cancel or pause ${judgement.excused}`,
    `  received ${judgement.received} fires; after an acknowledged cancel or pause ${count('sent in silence')}, early ${count('sent early')}, never due ${count('never due', 'unknown task')}`,
    `lateness: ${percentiles(judgement.latenessMs)}`,
    `  latest: ${judgement.latest.slice(0, 3).map(inWords).join('; ')}`,
    `failovers ${failoversMs.length}: ${percentiles([...failoversMs].sort((a, b) => a - b))}`,
    `calls: ${inOrder(outcomes)}`,
    `histories: ${judgement.histories} tasks, ${judgement.calls} calls, ${count('not linearizable', 'undecided') === 0 ? 'linearizable' : 'NOT LINEARIZABLE'}`,
    `states: ${report.states}`,
    ...judgement.findings.slice(0, SHOWN_MAX).map(({ fault, what }) => `FOUND ${fault}: ${what}`),
    ...(judgement.findings.length > SHOWN_MAX ? [`and ${judgement.findings.length - SHOWN_MAX} more`] : []),
    ...[...broken, ...(showsNothing(judgement) ? [NOTHING_SHOWN] : [])].map((what) => `FOUND ${what}`),
  ];
}

const inOrder = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none';

function percentiles(sorted: readonly number[]): string {
  if (sorted.length === 0) return 'none';
  const at = (share: number): string => (quantile(sorted, share) ?? 0).toFixed(0);
  return `p50 ${at(0.5)} ms, p90 ${at(0.9)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, worst ${at(1)}`;
}

export const quantile = (sorted: readonly number[], share: number): number | undefined =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
