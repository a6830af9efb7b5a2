import { listOf } from './asking.ts';
import type { Cluster } from './cluster.ts';
import type { Skip } from './judging.ts';
import { type Ledger, type TaskEntry, taskIdOf } from './ledger.ts';
import type { Sink } from './sink.ts';
import { restUnless } from './waiting.ts';

/**
 * Due times that a misfire policy passed over, as the tasks' events say. A task keeps its newest fifty records: on a machine that starves
 * for minutes it has to be asked meanwhile.
 */
export interface Skips {
  readonly known: ReadonlyMap<string, readonly Skip[]>;
  /** Asks the tasks that lack something up to that time. */
  ask(untilMs: number): Promise<void>;
  stop(): Promise<void>;
}

const ASK_EVERY_MS = 5_000;
/** What is younger may be on its way. */
const ON_ITS_WAY_MS = 12_000;
const ASKED_AT_ONCE = 8;

export function followSkips(cluster: Cluster, { tasks }: Ledger, sink: Sink): Skips {
  const known = new Map<string, Skip[]>();
  /** Up to where everything of a task is received, or known to be passed over. */
  const wholeUntilMs = new Map<TaskEntry, number>();
  let isOver = false;

  function lacks(entry: TaskEntry, untilMs: number): boolean {
    const taskId = taskIdOf(entry);
    if (taskId === null || entry.kind !== 'cron' || entry.firstDueMs === null) return false;
    for (let dueMs = wholeUntilMs.get(entry) ?? entry.firstDueMs; dueMs <= untilMs; dueMs += 1_000) {
      const isThere =
        sink.firstAtMs(taskId, dueMs) !== undefined ||
        entry.excused.some(({ fromMs, untilMs: lastMs }) => fromMs <= dueMs && dueMs <= lastMs) ||
        known.get(taskId)?.some(({ fromMs, throughMs }) => fromMs <= dueMs && dueMs <= throughMs) === true;
      if (!isThere) return true;
      wholeUntilMs.set(entry, dueMs);
    }
    return false;
  }

  async function askOne(entry: TaskEntry): Promise<void> {
    const taskId = taskIdOf(entry) ?? '';
    const before = known.get(taskId) ?? [];
    const fresh = (await listOf(cluster, `${taskId}/events`))
      .flatMap(skipIn)
      .filter((skip) => !before.some(({ fromMs }) => fromMs === skip.fromMs));
    known.set(taskId, [...before, ...fresh]);
  }

  async function ask(untilMs: number): Promise<void> {
    const wanting = tasks.filter((entry) => lacks(entry, untilMs));
    const asking = Array.from({ length: ASKED_AT_ONCE }, async () => {
      for (let entry = wanting.pop(); entry !== undefined; entry = wanting.pop()) await askOne(entry);
    });
    await Promise.all(asking);
  }

  const following = (async () => {
    while (!isOver) {
      await restUnless(() => isOver, ASK_EVERY_MS);
      if (!isOver) await ask(Date.now() - ON_ITS_WAY_MS);
    }
  })();
  return {
    known,
    ask,
    async stop() {
      isOver = true;
      await following;
    },
  };
}

const skipIn = ({ type, from, through }: Readonly<Record<string, unknown>>): Skip[] =>
  type === 'DueTimesSkipped' ? [{ fromMs: Date.parse(String(from)), throughMs: Date.parse(String(through)) }] : [];
