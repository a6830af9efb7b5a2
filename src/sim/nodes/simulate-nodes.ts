import { type Fault, NODE_FAULT_KINDS, planFaults } from '../fault.ts';
import { Faults } from '../inflict.ts';
import { createRandom } from '../random.ts';
import { failureOf, type RunFailure, type RunOptions, type RunReport } from '../simulate.ts';
import { createTraceFile } from '../trace-file.ts';
import { Clients } from './clients.ts';
import { jumpClocks } from './clock-jumps.ts';
import { comesToRest, healNodes, servesAgain } from './node-liveness.ts';
import { NodeWorld } from './node-world.ts';
import { planOperations } from './operations.ts';
import { Operator } from './operator.ts';
import { letHoldersSleep } from './sleeping-holders.ts';
import { checkAudit } from './told-and-audited.ts';

/** One run of production nodes: faults first, then a world that is well again, then rest. */

const FAULTS_UNTIL_MS = 1_200_000;
/** Production timers are that much slower than those of a bare core in the simulator, and so are its troubles. */
const SLOWER = 4;
/** The bound on how far clocks may differ in speed, on which leases stand (SEND_LEASE_OVER_MS), is kept. */
const RATE_SHARE = 0.1;

export async function simulateNodes(options: RunOptions): Promise<RunReport> {
  const { seed, steps: stepsWanted, keepFaults } = options;
  const file = options.traceLine === undefined ? null : createTraceFile(options.traceLine);
  const world = new NodeWorld({ seed, file });
  const untilMs = FAULTS_UNTIL_MS / SLOWER;
  const random = createRandom(seed, 'faults');
  const planned = planFaults(random, world.shape.nodes, untilMs, NODE_FAULT_KINDS).map(slower);
  const faults = new Faults(world, planned, keepFaults ?? planned.map((_, number) => number));
  const clients = new Clients(world, seed);
  const operations = planOperations(createRandom(seed, 'operations'), world.shape.nodes, untilMs);
  const operator = new Operator(world, seed, operations, planned.length, keepFaults ?? null);
  let isOver = false;
  jumpClocks(world, createRandom(seed, 'clocks'), () => isOver);
  letHoldersSleep(world, clients, createRandom(seed, 'sleeping holders'), () => isOver);
  let steps = 0;
  let failure: RunFailure | null = null;
  let histories = 0;
  const step = async (): Promise<void> => {
    world.step();
    steps += 1;
    await settled();
    if (world.broken !== null) throw world.broken;
  };
  try {
    file?.begin(
      `seed ${seed}`,
      world.hosts.map(({ nodeId }) => nodeId),
      `npm run sim -- --nodes --seed ${seed} --steps ${stepsWanted}`,
    );
    world.begin();
    while (steps < stepsWanted) await step();
    isOver = true;
    faults.end();
    clients.end();
    operator.end();
    const lost = world.hosts.find((host) => faults.mayLose(host));
    if (lost !== undefined && createRandom(seed, 'kept down').chance(0.3)) {
      world.keptDown = lost;
      world.stop(lost);
    }
    healNodes(world);
    for (const _ of servesAgain(world, clients, operator)) await step();
    world.isCalm = false;
    world.keptDown = null;
    healNodes(world);
    for (const phase of [servesAgain, comesToRest]) for (const _ of phase(world, clients, operator)) await step();
    histories = clients.histories.check();
    checkAudit(operator.told, world.leader?.process?.node.operations() ?? []);
  } catch (error) {
    failure = failureOf(error, steps, world.queue.nowMs);
    file?.note(world.queue.nowMs, null, 'failed', { rule: failure.rule, message: failure.message });
  }
  file?.end();
  return {
    seed,
    steps,
    faults: Object.fromEntries([...faults.inflicted, ...operator.operated].sort()),
    faultsBegun: [...faults.begun, ...operator.begun],
    counts: {
      ...world.counts,
      ...clients.counts,
      histories,
      sent: world.sendings.count,
      entries: world.committed.index,
    },
    traceHash: world.trace.hash.toString(16).padStart(8, '0'),
    failure,
  };
}

/** Whatever promises of the nodes can go on has gone on, as far as it can, before the world does. */
const settled = (): Promise<void> => new Promise((turned) => setImmediate(turned));

function slower(fault: Fault): Fault {
  const atMs = fault.atMs * SLOWER;
  if (fault.kind === 'clock-rate') {
    return { ...fault, atMs, forMs: fault.forMs * SLOWER, rate: 1 + (fault.rate - 1) * RATE_SHARE };
  }
  // A stall that is under way outlasts the healing of the world, and must not outlast its patience.
  if (fault.kind === 'disk-stall') return { ...fault, atMs };
  return 'forMs' in fault ? { ...fault, atMs, forMs: fault.forMs * SLOWER } : { ...fault, atMs };
}
