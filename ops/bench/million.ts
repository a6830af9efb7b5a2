import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, metric, rssMb, startNode } from './measuring.ts';

/** A million tasks on disk: memory, and how long a restart takes. */
const TASKS = 1_000_000;
const CONNECTIONS = 64;
const STEP_SECONDS = 10;
const RSS_MB_MAX = 350;
const READY_MS_MAX = 2_000;

export async function benchMillion(tasks = TASKS): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'xcron-million-'));
  let node = await startNode(directory);
  const countOf = () => metric(node.port, 'xcron_tasks\\{state="scheduled"\\}');
  let most = 0;
  for (let count = 0; count < tasks; count = await countOf()) {
    const { perSecond } = await load(node.port, CONNECTIONS, STEP_SECONDS);
    most = Math.max(most, await rssMb(node.port));
    console.log(`${await countOf()} tasks, ${perSecond} creates/s, RSS ${(await rssMb(node.port)).toFixed(0)} MB`);
  }
  console.log(`with ${await countOf()} tasks under load: RSS at most ${most.toFixed(0)} MB (goal < ${RSS_MB_MAX})`);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await node.stop(signal);
    node = await startNode(directory);
    console.log(
      `ready ${node.readyMs.toFixed(0)} ms after a restart that followed ${signal} (goal < ${READY_MS_MAX}), RSS ${(await rssMb(node.port)).toFixed(0)} MB`,
    );
    // The kill meets a node in mid-work, so that there is something to replay.
    if (signal === 'SIGTERM') await load(node.port, CONNECTIONS, 2);
  }
  await node.stop();
  rmSync(directory, { recursive: true, force: true });
}
