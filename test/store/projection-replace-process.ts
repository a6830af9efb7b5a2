import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { groupPaths } from '../../src/store/store-layout.ts';
import { openQuietly } from './projection-directory.ts';

/** A process to be killed: puts the copy `received.db` in the place of the state that it finds. */
const [directory = ''] = process.argv.slice(2);
const projection = await openQuietly(directory);
writeSync(1, 'begin\n');
await projection.replaceWith(join(groupPaths(directory).directory, 'received.db'));
writeSync(1, 'end\n');
await projection.close();
