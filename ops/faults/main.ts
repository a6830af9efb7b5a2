/** npm run faults: real nodes, brokers and disks under fire, and what clients and targets saw held against what was promised. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureSystemTools, NATS_SERVER, thisMachine } from '../scripts/system-tools.ts';
import { FAKETIME } from './clock-shift.ts';
import { type FaultsFlags, readFlags, USAGE } from './flags.ts';
import { hasFailed, reportLines } from './report.ts';
import { SCENARIOS } from './scenarios/all.ts';
import type { ScenarioOutcome } from './scenarios/scenario.ts';
import { soak } from './soak.ts';

const EXIT_BROKEN = 1;
const EXIT_USAGE = 2;

async function runSoak({ seed, lastsMs, json, keep }: FaultsFlags): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'xcron-faults-'));
  const report = await soak({ seed, lastsMs, directory, say: (line) => console.log(line) });
  for (const line of reportLines(report)) console.log(line);
  if (json !== null) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  const failed = hasFailed(report);
  if (failed || keep) console.log(`logs and data of all nodes: ${directory}`);
  else rmSync(directory, { recursive: true, force: true });
  console.log(failed ? `FAILED: npm run faults -- --minutes ${lastsMs / 60_000} --seed ${seed}` : 'held');
  return failed ? EXIT_BROKEN : 0;
}

/** One line each. Only what must never be makes the run fail: how fast something was, a busy machine decides as well. */
async function runScenarios({ scenarios, tasks, json, keep }: FaultsFlags): Promise<number> {
  const outcomes: Record<string, ScenarioOutcome> = {};
  for (const { name, goal, run } of SCENARIOS.filter((one) => scenarios.includes(one.name))) {
    const directory = mkdtempSync(join(tmpdir(), `xcron-faults-${name}-`));
    const outcome = await run({ directory, tasks, say: (line) => console.log(`  ${line}`) });
    outcomes[name] = outcome;
    console.log(`${name}: ${outcome.figure}  (goal: ${goal}; ${outcome.met ? 'met' : 'NOT MET'})`);
    for (const what of outcome.broken) console.log(`FOUND ${what}`);
    if (outcome.broken.length > 0 || keep) console.log(`logs and data of all nodes: ${directory}`);
    else rmSync(directory, { recursive: true, force: true });
  }
  if (json !== null) writeFileSync(json, `${JSON.stringify(outcomes, null, 2)}\n`);
  return Object.values(outcomes).every(({ broken }) => broken.length === 0) ? 0 : EXIT_BROKEN;
}

const flags = readFlags(
  process.argv.slice(2),
  SCENARIOS.map(({ name }) => name),
);
if (typeof flags === 'string') {
  process.stderr.write(`xcron: ${flags}\n${USAGE}\n`);
  process.exitCode = EXIT_USAGE;
} else if (!(await ensureSystemTools([NATS_SERVER, FAKETIME], thisMachine, 'faults need'))) {
  process.exitCode = EXIT_USAGE;
} else {
  process.exitCode = flags.scenarios.length > 0 ? await runScenarios(flags) : await runSoak(flags);
}
