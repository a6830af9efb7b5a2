import type { ClusterAnswer } from '../api/cluster-answers.ts';
import { useAnswer } from '../api/use-answer.ts';
import { useReloadOn } from '../live/use-live.ts';
import type { Page } from '../page.ts';
import { Notice } from '../parts/notice.tsx';

/** Beside what is told live: that may be cut off. */
const ASKED_ANYWAY_EVERY_MS = 15_000;
const AT_MOST_EVERY_MS = 250;

/** Whether an operator holds every task, for the pages of those who wait for one. */
export function useSchedulingPaused({ client, events }: Page): boolean {
  const { value, reload } = useAnswer<ClusterAnswer>(client, 'v1/cluster', {}, ASKED_ANYWAY_EVERY_MS);
  useReloadOn(
    events,
    ({ kind }) => kind === 'SchedulingPaused' || kind === 'SchedulingResumed',
    reload,
    AT_MOST_EVERY_MS,
  );
  return value?.scheduling === 'paused';
}

export const SchedulingPaused = () => (
  <Notice kind="warn" title="All scheduling is paused">
    An operator holds every task of the cluster: nothing fires. <a href="#/cluster">The cluster’s page</a> says who, and
    resumes it.
  </Notice>
);
