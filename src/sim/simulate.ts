import { InvariantBroken } from '../invariant.ts';
import { staysCalm } from './calm.ts';
import { SafetyBroken } from './checks/rule.ts';
import { type Fault, planFaults } from './fault.ts';
import { heal } from './healing.ts';
import { Faults } from './inflict.ts';
import { recovers } from './liveness.ts';
import { createRandom } from './random.ts';
import { createTraceFile } from './trace-file.ts';
import { Workload } from './workload.ts';
import { World } from './world.ts';

/** One run: a safety phase under faults, then a liveness phase in a world that is well again. */

export interface RunOptions {
  readonly seed: number;
  readonly steps: number;
  /** Which of the planned faults happen; all, if not said. */
  readonly keepFaults?: readonly number[];
  readonly traceLine?: (line: object) => void;
}

export interface RunReport {
  readonly seed: number;
  readonly steps: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Numbers of the planned faults that happened. */
  readonly faultsBegun: readonly number[];
  readonly counts: Readonly<Record<string, number>>;
  readonly traceHash: string;
  readonly failure: RunFailure | null;
}

export interface RunFailure {
  readonly rule: string;
  readonly message: string;
  readonly step: number;
  readonly atMs: number;
  readonly stack: string;
}

/** Longer than any run: what is planned for later never happens. */
const FAULTS_UNTIL_MS = 120_000;

const faultsOf = (seed: number, nodes: number): readonly Fault[] =>
  planFaults(createRandom(seed, 'faults'), nodes, FAULTS_UNTIL_MS);

export function simulate(options: RunOptions): RunReport {
  const { seed, steps: stepsWanted, keepFaults } = options;
  const file = options.traceLine === undefined ? null : createTraceFile(options.traceLine);
  const world = new World({ seed, file });
  const planned = faultsOf(seed, world.shape.nodes);
  const faults = new Faults(world, planned, keepFaults ?? planned.map((_, number) => number));
  const workload = new Workload(world, seed);
  world.onApplied = (index, data) => workload.applied(index, data);
  let steps = 0;
  let failure: RunFailure | null = null;
  try {
    file?.begin(
      `seed ${seed}`,
      world.hosts.map(({ nodeId }) => nodeId),
      `npm run sim -- --seed ${seed} --steps ${stepsWanted}`,
    );
    world.begin();
    for (; steps < stepsWanted; steps += 1) world.step();
    faults.end();
    workload.end();
    const [lost] = world.hosts.filter((host) => faults.mayLose(host));
    if (lost !== undefined) {
      world.keptDown = lost;
      world.stop(lost);
    }
    heal(world);
    for (const phase of [recovers, healAll, recovers, staysCalm]) {
      for (const _ of phase(world, workload)) {
        world.step();
        steps += 1;
      }
    }
    workload.checkHistories();
  } catch (error) {
    failure = failureOf(error, steps, world.queue.nowMs);
    file?.note(world.queue.nowMs, null, 'failed', { rule: failure.rule, message: failure.message });
  }
  file?.end();
  return {
    seed,
    steps,
    faults: Object.fromEntries([...faults.inflicted].sort()),
    faultsBegun: faults.begun,
    counts: { ...world.counts, ...workload.counts },
    traceHash: world.trace.hash.toString(16).padStart(8, '0'),
    failure,
  };
}

export function failureOf(error: unknown, step: number, atMs: number): RunFailure {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  let rule = 'Crash';
  if (error instanceof SafetyBroken) rule = error.rule;
  else if (error instanceof InvariantBroken) rule = error.invariant;
  return { rule, message, step, atMs: Math.round(atMs), stack };
}

/** A majority had to do; now the one that was kept down comes back. */
function* healAll(world: World): Generator<void, void> {
  world.keptDown = null;
  heal(world);
  yield;
}
