import { call } from './call.ts';
import type { Cluster } from './cluster.ts';
import { type Evidence, judge, type Skip } from './judging.ts';
import { type Ledger, taskIdOf } from './ledger.ts';
import type { Sink } from './sink.ts';

/** What the clients hold, and what the tasks say of due times that nobody received. Asked of the healed cluster. */
export async function collectEvidence(
  cluster: Cluster,
  { tasks }: Ledger,
  { callbacks }: Sink,
  untilMs: number,
): Promise<Evidence> {
  const bare: Evidence = { tasks, callbacks, untilMs, skips: new Map(), unsent: new Map() };
  const skips = new Map<string, readonly Skip[]>();
  const unsent = new Map<string, readonly string[]>();
  const wanting = new Set(judge(bare).findings.flatMap(({ taskId }) => (taskId === undefined ? [] : [taskId])));
  for (const taskId of wanting) {
    const task = tasks.find((entry) => taskIdOf(entry) === taskId);
    skips.set(taskId, (await listOf(cluster, `${taskId}/events`)).flatMap(skipIn));
    if (task?.kind !== 'cron') {
      unsent.set(
        taskId,
        (await listOf(cluster, `${taskId}/executions`)).map(({ state }) => String(state)),
      );
    }
  }
  return { ...bare, skips, unsent };
}

async function listOf(cluster: Cluster, path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  for (const { node } of cluster.machines) {
    const answer = await call({ method: 'GET', url: `${node.url}/v1/tasks/${path}` });
    if (answer.kind === 'answered' && answer.status === 200) {
      return answer.value.items as readonly Readonly<Record<string, unknown>>[];
    }
  }
  return [];
}

const skipIn = ({ type, from, through }: Readonly<Record<string, unknown>>): Skip[] =>
  type === 'DueTimesSkipped' ? [{ fromMs: Date.parse(String(from)), throughMs: Date.parse(String(through)) }] : [];
