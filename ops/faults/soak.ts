import { createRandom } from '../../src/sim/random.ts';
import { startClients } from './clients.ts';
import { type Cluster, openCluster } from './cluster.ts';
import { judgeAtLast } from './evidence.ts';
import { createFailovers } from './failovers.ts';
import { drawFault, inWords, isAlone, OVERLAP, type PlannedFault, REST_MS } from './fault-plan.ts';
import { createInflicting } from './inflicting.ts';
import type { Judgement } from './judging.ts';
import { createLedger, type Ledger, type Span } from './ledger.ts';
import { openSink } from './sink.ts';
import { followSkips } from './skips.ts';
import { checkStates } from './state-check.ts';
import { rest } from './waiting.ts';

/** A cluster under load and under fire, from a seed, for so long; then it is healed, and held to what it promised. */
export interface SoakOptions {
  readonly seed: number;
  readonly lastsMs: number;
  readonly directory: string;
  readonly say: (line: string) => void;
  /** In place of what the seed draws. */
  readonly faults?: readonly PlannedFault[];
}

export interface SoakReport {
  readonly seed: number;
  readonly lastedMs: number;
  readonly brokers: string;
  readonly faults: Readonly<Record<string, number>>;
  readonly failoversMs: readonly number[];
  readonly outcomes: Readonly<Record<string, number>>;
  readonly judgement: Judgement;
  /** Of each node, after all. */
  readonly states: string;
  /** What broke beside the promises to clients: nodes that ended by themselves, or did not come back. */
  readonly broken: readonly string[];
}

const CRON_TASKS = 12;
const PASSING_TASKS = 4;
const MOODS = { refused: 0.02, hungUp: 0.01, slow: 0.03 };
const PROGRESS_EVERY_MS = 10_000;
const CALM_MS = 3_000;
const LOOK_EVERY_MS = 100;

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { seed, lastsMs, directory, say } = options;
  const random = (stream: string) => createRandom(seed, stream);
  const failovers = createFailovers();
  const broken: string[] = [];
  const faults = new Map<string, number>();
  const ledger = createLedger(seed);
  const sink = await openSink({ random: random('sink'), ...MOODS });
  const brokers = random('shape').pick(['one', 'routed'] as const);
  const beganMs = performance.now();
  const at = (line: string): void =>
    say(`${((performance.now() - beganMs) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
  at(`seed ${seed}: three voters and a worker, ${brokers === 'one' ? 'one broker' : 'a broker each'}`);
  let cluster: Cluster | null = null;
  try {
    const open = await openCluster({
      directory,
      voters: 3,
      workers: 1,
      brokers,
      movableClocks: true,
      cuttableWires: true,
      said: failovers.said,
    });
    cluster = open;
    const found = (what: string): void => {
      broken.push(what);
      at(`FOUND: ${what}`);
    };
    const urls = open.machines.map(({ node }) => node.url);
    const pick = random('clients');
    const clients = await startClients({
      ledger,
      sink,
      sinkUrl: sink.url,
      random: pick,
      anyUrl: () => pick.pick(urls),
      cronTasks: CRON_TASKS,
      passingTasks: PASSING_TASKS,
    });
    const skips = followSkips(open, ledger, sink);
    const watching = watchNodes(open, found);
    const inflicting = createInflicting({
      cluster: open,
      say: at,
      found,
      leaderLost: failovers.lost,
      schedulingPaused: (silence) => silenceAll(ledger, silence),
    });
    const endMs = performance.now() + lastsMs;
    const progress = setInterval(() => at(progressLine(ledger, sink.callbacks.length, faults)), PROGRESS_EVERY_MS);
    try {
      await underFire();
    } catch (error) {
      found(error instanceof Error ? error.message : String(error));
    } finally {
      clearInterval(progress);
    }

    async function underFire(): Promise<void> {
      const plan = random('faults');
      const given = options.faults === undefined ? null : [...options.faults];
      const under = new Set<Promise<void>>();
      const isOver = (): boolean => performance.now() >= endMs || given?.length === 0;
      while (!isOver()) {
        const fault = given?.shift() ?? drawFault(plan);
        if (isAlone(fault)) await Promise.all(under);
        const whole = inflicting
          .inflict(fault, (whom) => {
            at(inWords(fault, whom));
            if (!whom.startsWith('left out')) faults.set(fault.kind, (faults.get(fault.kind) ?? 0) + 1);
          })
          .catch((error: unknown) => found(`${fault.kind}: ${error instanceof Error ? error.message : String(error)}`))
          .finally(() => under.delete(whole));
        under.add(whole);
        if (isAlone(fault) || !plan.chance(OVERLAP)) await whole;
        await rest(plan.between(REST_MS.min, REST_MS.max));
      }
      await Promise.all(under);
      while (performance.now() < endMs) await rest(LOOK_EVERY_MS);
    }

    at('healed');
    sink.behave();
    await open.untilReady();
    await clients.stop();
    await rest(CALM_MS);
    const untilMs = Date.now() - CALM_MS;
    const judgement = await judgeAtLast(open, ledger, sink, skips, untilMs);
    await skips.stop();
    watching.stop();
    const states = await checkStates(open, found);
    return {
      seed,
      states,
      lastedMs: performance.now() - beganMs,
      brokers,
      faults: Object.fromEntries(faults),
      failoversMs: failovers.tookMs,
      outcomes: Object.fromEntries([...ledger.outcomes].sort()),
      judgement,
      broken,
    };
  } finally {
    await cluster?.close();
    await sink.close();
  }
}

/** A node that ends by itself is a finding; it is started again, so that the rest can be looked at. */
function watchNodes(cluster: Cluster, found: (what: string) => void): { stop(): void } {
  const timer = setInterval(() => {
    for (const { node } of cluster.machines) {
      const end = node.isDamaged ? null : node.takeUnasked();
      if (end === null) continue;
      found(`${node.nodeId} ended by itself with ${end.how}: ${end.words}`);
      node.start();
    }
  }, LOOK_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}

/** What fell due in the pause is sent when it is over, unless it had to wait for too long. */
function silenceAll(ledger: Ledger, silence: Span): void {
  for (const entry of ledger.tasks) entry.silent.push({ why: 'scheduling paused', ...silence });
}

function progressLine(ledger: Ledger, callbacks: number, faults: ReadonlyMap<string, number>): string {
  const count = [...faults.values()].reduce((sum, one) => sum + one, 0);
  const unknown = [...ledger.outcomes]
    .filter(([what]) => what.includes('unknown'))
    .reduce((sum, [, one]) => sum + one, 0);
  return `${count} faults, ${ledger.tasks.length} tasks, ${callbacks} callbacks, ${unknown} calls unanswered`;
}
