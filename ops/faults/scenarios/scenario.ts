import { createClient } from '../client.ts';
import { type Cluster, type ClusterOptions, openCluster } from '../cluster.ts';
import { judgeAtLast } from '../evidence.ts';
import { createFailovers, type Failovers } from '../failovers.ts';
import { type Judgement, NOTHING_SHOWN, showsNothing } from '../judging.ts';
import { createLedger, type Ledger } from '../ledger.ts';
import { openSink, type Sink } from '../sink.ts';
import { followSkips } from '../skips.ts';
import { rest } from '../waiting.ts';

/** One thing done to a cluster of default timing, and the figure that comes of it beside its goal. */
export interface Scenario {
  readonly name: string;
  readonly goal: string;
  run(stage: Stage): Promise<ScenarioOutcome>;
}

export interface ScenarioOutcome {
  readonly figure: string;
  /** Whether the goal is met. Of times it says something only on a machine that does nothing else. */
  readonly met: boolean;
  /** What must never be, however slow the machine. */
  readonly broken: readonly string[];
}

export interface Stage {
  readonly directory: string;
  readonly say: (line: string) => void;
  /** For scenarios with many tasks. */
  readonly tasks: number;
}

/** A cluster without clocks that can be moved: they cost time. */
export interface Scene {
  readonly cluster: Cluster;
  readonly sink: Sink;
  readonly ledger: Ledger;
  readonly failovers: Failovers;
  /** So many tasks that fire every second from now on. */
  fireEverySecond(tasks: number): Promise<void>;
  /** Everything due up to now, once all of it has had its time. */
  judged(): Promise<Judgement>;
}

const EVERY_SECOND = '* * * * * *';
const CREATING_AT_ONCE = 16;
const SENT_MS = 3_000;

export async function onScene<T>(
  { directory }: Stage,
  shape: Partial<Pick<ClusterOptions, 'voters' | 'workers' | 'later' | 'flags'>>,
  play: (scene: Scene) => Promise<T>,
): Promise<T> {
  const failovers = createFailovers();
  const ledger = createLedger(0);
  const sink = await openSink(null);
  const cluster = await openCluster({
    directory,
    voters: 3,
    workers: 0,
    brokers: 'one',
    movableClocks: false,
    cuttableWires: false,
    said: failovers.said,
    ...shape,
  });
  const skips = followSkips(cluster, ledger, sink);
  const running = () => cluster.machines.filter(({ node }) => node.isRunning);
  let turn = 0;
  const client = createClient({
    ledger,
    sinkUrl: sink.url,
    isOver: () => false,
    anyUrl() {
      turn += 1;
      return running()[turn % running().length]?.node.url ?? '';
    },
  });
  const scene: Scene = {
    cluster,
    sink,
    ledger,
    failovers,
    async fireEverySecond(tasks) {
      const entries = Array.from({ length: tasks }, () => ledger.open('cron'));
      const creating = Array.from({ length: CREATING_AT_ONCE }, async () => {
        for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
          await client.create(entry, EVERY_SECOND);
        }
      });
      await Promise.all(creating);
    },
    async judged() {
      await rest(SENT_MS);
      const untilMs = Date.now() - SENT_MS;
      const judgement = await judgeAtLast(cluster, ledger, sink, skips, untilMs);
      await skips.stop();
      return judgement;
    },
  };
  try {
    return await play(scene);
  } finally {
    await skips.stop();
    await cluster.close();
    await sink.close();
  }
}

/** First receipts after their time, of what was due in a span, sorted. */
export function latenessIn({ callbacks }: Sink, fromMs: number, untilMs: number): readonly number[] {
  const first = new Map<string, number>();
  for (const { taskId, scheduledAtMs, receivedAtMs } of callbacks) {
    const identity = `${taskId}@${scheduledAtMs}`;
    if (scheduledAtMs < fromMs || scheduledAtMs >= untilMs || first.has(identity)) continue;
    first.set(identity, receivedAtMs - scheduledAtMs);
  }
  return [...first.values()].sort((a, b) => a - b);
}

export const brokenIn = (judgement: Judgement): readonly string[] => [
  ...judgement.findings.map(({ fault, what }) => `${fault}: ${what}`),
  ...(showsNothing(judgement) ? [NOTHING_SHOWN] : []),
];

export const fires = ({ expected, findings, repeatedSameId }: Judgement): string => {
  const count = (fault: string): number => findings.filter((finding) => finding.fault === fault).length;
  return `${expected} fires, missing ${count('missing')}, second id ${count('second id')}, repeated ${repeatedSameId}`;
};
