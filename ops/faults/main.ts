/** npm run faults: real nodes, brokers and disks under fire, and what clients and targets saw held against what was promised. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureSystemTools, NATS_SERVER, thisMachine } from '../scripts/system-tools.ts';
import { FAKETIME } from './clock-shift.ts';
import { type FaultsFlags, readFlags, USAGE } from './flags.ts';
import { hasFailed, reportLines } from './report.ts';
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

const flags = readFlags(process.argv.slice(2), []);
if (typeof flags === 'string') {
  process.stderr.write(`xcron: ${flags}\n${USAGE}\n`);
  process.exitCode = EXIT_USAGE;
} else if (!(await ensureSystemTools([NATS_SERVER, FAKETIME], thisMachine, 'faults need'))) {
  process.exitCode = EXIT_USAGE;
} else {
  process.exitCode = await runSoak(flags);
}
