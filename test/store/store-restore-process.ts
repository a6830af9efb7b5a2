import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { restoreStore } from '../../src/store/store-restore.ts';
import { testNode } from './log-directory.ts';

/** A process to be killed: restores `backup` into `data`. */
const [directory = ''] = process.argv.slice(2);
writeSync(1, 'begin\n');
await restoreStore(join(directory, 'backup'), join(directory, 'data'), testNode);
writeSync(1, 'end\n');
