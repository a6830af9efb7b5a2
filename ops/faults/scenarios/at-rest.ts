import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Machine } from '../cluster.ts';
import { rest } from '../waiting.ts';
import { onScene, type Scenario } from './scenario.ts';

/** V8 compiles what a start used, and what is used often, for half a minute: a third of what a node costs then is that. */
const SETTLE_MS = 30_000;
const MEASURED_MS = 30_000;
const SHARE_MAX = 0.02;

export const atRest: Scenario = {
  name: 'at-rest',
  goal: `a cluster at rest costs < ${SHARE_MAX * 100} % of a core per node`,
  run: (stage) =>
    onScene(stage, {}, async ({ cluster }) => {
      await rest(SETTLE_MS);
      const before = cluster.machines.map(cpuMsOf);
      await rest(MEASURED_MS);
      const shares = cluster.machines.map((machine, at) => (cpuMsOf(machine) - (before[at] ?? 0)) / MEASURED_MS);
      const inWords = cluster.machines.map(
        ({ node }, at) => `${node.nodeId} ${((shares[at] ?? 0) * 100).toFixed(2)} %`,
      );
      return { figure: inWords.join(', '), met: shares.every((share) => share < SHARE_MAX), broken: [] };
    }),
};

/** Of all its threads, in kernel and out of it (proc(5): utime and stime, behind the name in brackets). */
function cpuMsOf({ node }: Machine): number {
  const fields = readFileSync(`/proc/${node.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * (1_000 / ticksPerSecond());
}

const ticksPerSecond = (): number => Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
