import { writeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { applyTo } from '../contract/projection.ts';
import { bulkEntry } from './projection-bulk.ts';
import { openQuietly } from './projection-directory.ts';

/** A process to be killed: folds entry after entry, flushes all the while, and says what is durable. */

const [directory, lastIndex] = process.argv.slice(2);
if (directory === undefined || lastIndex === undefined) throw new Error('usage: <directory> <last index>');
// One system call a line, so that a tracer sees it between the others.
const say = (line: string): number => writeSync(1, `${line}\n`);

const projection = await openQuietly(directory);
projection.onFailure((error) => say(`failed ${error.message}`));
say(`opened ${projection.appliedIndex}`);
let flushing = false;
while (projection.appliedIndex < Number(lastIndex)) {
  await applyTo(projection, projection.appliedIndex + 1, bulkEntry(projection.appliedIndex + 1));
  await nextTurn();
  if (flushing) continue;
  flushing = true;
  projection
    .flush()
    .then(
      () => say(`durable ${projection.durableIndex}`),
      () => undefined,
    )
    .finally(() => {
      flushing = false;
    });
}
await projection.flush().then(
  () => say(`durable ${projection.durableIndex}`),
  () => undefined,
);
say(`reads ${(await projection.listTasks({ name: 'task 10' }, null, 1_000)).length}`);
await projection.close();
say('done');
