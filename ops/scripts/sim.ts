/** npm run sim: whole clusters in a simulated world, until something breaks that must not. */
import { createWriteStream } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { readFlags, type SimFlags, USAGE } from '../../src/sim/flags.ts';
import { hashText, mix } from '../../src/sim/hash.ts';
import { MUTANTS } from '../../src/sim/mutants.ts';
import { tryMutants, type Verdict } from '../../src/sim/mutation-gate.ts';
import { NODE_MUTANTS } from '../../src/sim/nodes/node-mutants.ts';
import { runSeeds } from '../../src/sim/seed-runner.ts';
import { runOf } from '../../src/sim/seed-worker.ts';
import { shrink } from '../../src/sim/shrink.ts';
import type { RunReport } from '../../src/sim/simulate.ts';

const EXIT_BROKEN = 1;
const EXIT_USAGE = 2;
const PROGRESS_EVERY_MS = 10_000;
/** Fresh seeds are drawn from here: small ones are for --seeds. */
const FRESH_SEEDS_FROM = 1_000_000;
const FRESH_SEEDS = 2 ** 31;
const SHRUNK_AT_ONCE = 3;
/** A known bug that so many runs do not show is not caught. */
const MUTANT_SEEDS = 600;
const MUTANT_STEPS = 20_000;
/** A run of whole nodes takes that much longer. */
const NODE_MUTANT_SEEDS = 400;
const NODE_MUTANT_STEPS = 15_000;

async function runOne(seed: number, flags: SimFlags): Promise<number> {
  const { steps, faults, trace, nodes } = flags;
  const out = trace === null ? null : createWriteStream(trace);
  const report = await runOf(nodes, {
    seed,
    steps,
    ...(faults === null ? {} : { keepFaults: faults }),
    ...(out === null ? {} : { traceLine: (line: object) => out.write(`${JSON.stringify(line)}\n`) }),
  });
  if (out !== null) await new Promise<void>((closed) => out.end(closed));
  console.log(oneLine(report));
  for (const [kind, count] of Object.entries(report.faults)) console.log(`  fault ${kind} ${count}`);
  for (const [what, count] of Object.entries(report.counts)) console.log(`  ${what} ${count}`);
  if (report.failure === null) return 0;
  console.log(report.failure.stack);
  if (faults === null) await tellShrunk(report, flags);
  return EXIT_BROKEN;
}

async function runMany(flags: SimFlags): Promise<number> {
  const { seeds, steps, minutes, nodes } = flags;
  console.log(nodes ? 'production nodes with tasks' : 'the consensus core alone');
  const began = performance.now();
  const untilMs = minutes === null ? null : began + minutes * 60_000;
  const runs: RunReport[] = [];
  let given = 0;
  let saidMs = began;
  const next = () => {
    given += 1;
    if (untilMs !== null) return performance.now() < untilMs ? { seed: freshSeed(), steps, nodes } : null;
    return given <= seeds ? { seed: given, steps, nodes } : null;
  };
  await runSeeds(next, (run) => {
    runs.push(run);
    if (run.failure !== null || untilMs === null) console.log(oneLine(run));
    if (untilMs === null || performance.now() - saidMs < PROGRESS_EVERY_MS) return;
    saidMs = performance.now();
    console.log(
      `${Math.round((saidMs - began) / 1_000)} s: ${runs.length} seeds, ${runs.filter(failed).length} failed`,
    );
  });
  summarise(runs, performance.now() - began);
  const broken = runs.filter(failed).sort((a, b) => a.seed - b.seed);
  for (const run of broken.slice(0, SHRUNK_AT_ONCE)) await tellShrunk(run, flags);
  return broken.length === 0 ? 0 : EXIT_BROKEN;
}

async function runMutants(nodes: boolean): Promise<number> {
  const seeds = nodes ? NODE_MUTANT_SEEDS : MUTANT_SEEDS;
  const steps = nodes ? NODE_MUTANT_STEPS : MUTANT_STEPS;
  const mutants = nodes ? NODE_MUTANTS : MUTANTS;
  const verdicts = await tryMutants(mutants, { nodes, seeds, steps }, ({ mutant, caught }) => {
    console.log(`${mutant.name} (${mutant.from}): ${howCaught(caught)}`);
  });
  const caught = verdicts.filter((verdict) => verdict.caught !== null).length;
  console.log(`caught ${caught} of ${verdicts.length}`);
  return caught === verdicts.length ? 0 : EXIT_BROKEN;
}

function howCaught(caught: Verdict['caught']): string {
  if (caught === null) return 'NOT CAUGHT';
  return 'script' in caught ? caught.script : `${caught.rule}, seed ${caught.seed}`;
}

const failed = ({ failure }: RunReport): boolean => failure !== null;

const freshSeed = (): number => FRESH_SEEDS_FROM + Math.floor(Math.random() * FRESH_SEEDS);

function oneLine({ seed, steps, counts, traceHash, failure }: RunReport): string {
  const run = `seed ${seed}  steps ${steps}  elections ${counts.elections}  trace ${traceHash}`;
  return failure === null ? run : `${run}  FAILED at step ${failure.step}, ${failure.atMs} ms: ${failure.message}`;
}

function summarise(runs: readonly RunReport[], tookMs: number): void {
  const sum = (part: 'faults' | 'counts'): string => {
    const total = new Map<string, number>();
    for (const run of runs) {
      for (const [kind, count] of Object.entries(run[part])) total.set(kind, (total.get(kind) ?? 0) + count);
    }
    return [...total].map(([kind, count]) => `${kind} ${count}`).join(', ');
  };
  const steps = runs.reduce((total, run) => total + run.steps, 0);
  const hash = [...runs]
    .sort((a, b) => a.seed - b.seed)
    .reduce((all, run) => mix(mix(all, run.seed), hashText(run.traceHash)), 0);
  console.log(`seeds ${runs.length}, each twice; steps ${steps}; failed ${runs.filter(failed).length}`);
  console.log(`faults: ${sum('faults')}`);
  console.log(`checked: ${sum('counts')}`);
  console.log(
    `${Math.round((2 * steps * 1_000) / tookMs)} steps a second; traces ${hash.toString(16).padStart(8, '0')}; ${(tookMs / 1_000).toFixed(1)} s`,
  );
}

async function tellShrunk(run: RunReport, { steps, nodes }: SimFlags): Promise<void> {
  const { seed, failure } = run;
  if (failure === null) return;
  const shrunk = await shrink(run, run.faultsBegun, (keepFaults) => runOf(nodes, { seed, steps, keepFaults }));
  const command = `npm run sim -- ${nodes ? '--nodes ' : ''}--seed ${seed} --steps ${steps}`;
  const few = shrunk.faults.length === 0 ? 'none' : shrunk.faults.join(',');
  console.log(`\nseed ${seed} breaks "${failure.rule}" at step ${failure.step}: ${failure.message}`);
  console.log(`replay:  ${command}`);
  console.log(
    `with ${shrunk.faults.length} of ${run.faultsBegun.length} faults, at step ${shrunk.report.failure?.step}:  ${command} --faults ${few}`,
  );
}

const flags = readFlags(process.argv.slice(2));
if (typeof flags === 'string') {
  process.stderr.write(`xcron: ${flags}\n${USAGE}\n`);
  process.exitCode = EXIT_USAGE;
} else if (flags.mutants) {
  process.exitCode = await runMutants(flags.nodes);
} else if (flags.seed !== null) {
  process.exitCode = await runOne(flags.seed, flags);
} else {
  process.exitCode = await runMany(flags);
}
