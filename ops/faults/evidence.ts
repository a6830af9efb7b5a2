import { listOf } from './asking.ts';
import type { Cluster } from './cluster.ts';
import { type Evidence, type Judgement, judge } from './judging.ts';
import { type Ledger, taskIdOf } from './ledger.ts';
import type { Sink } from './sink.ts';
import type { Skips } from './skips.ts';
import { rest } from './waiting.ts';

/** Long after any node would have sent it: on a machine that starves, late is not lost. */
const ALL_SENT_MS_MAX = 90_000;
const LOOK_EVERY_MS = 3_000;

/**
 * What the clients hold, and what the tasks of the healed cluster say of due times that nobody received. What waits for another attempt
 * may come yet; what was passed over, or ended as unknown, never does.
 */
export async function judgeAtLast(
  cluster: Cluster,
  { tasks }: Ledger,
  sink: Sink,
  skips: Skips,
  untilMs: number,
): Promise<Judgement> {
  const deadlineMs = performance.now() + ALL_SENT_MS_MAX;
  const unsent = new Map<string, readonly string[]>();
  for (;;) {
    const evidence: Evidence = { tasks, callbacks: sink.callbacks, untilMs, skips: skips.known, unsent };
    const judgement = judge(evidence);
    const missing = judgement.findings.filter(({ fault }) => fault === 'missing');
    if (missing.length === 0 || performance.now() > deadlineMs) return judgement;
    await rest(LOOK_EVERY_MS);
    await skips.ask(untilMs);
    const wanting = new Set(missing.flatMap(({ taskId }) => (taskId === undefined ? [] : [taskId])));
    for (const entry of tasks) {
      const taskId = taskIdOf(entry);
      if (taskId === null || !wanting.has(taskId) || entry.kind === 'cron') continue;
      unsent.set(
        taskId,
        (await listOf(cluster, `${taskId}/executions`)).map(({ state }) => String(state)),
      );
    }
  }
}
