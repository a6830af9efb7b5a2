import { writeSync } from 'node:fs';
import { openDataDirectory } from '../../src/store/data-directory.ts';
import { openLogStore } from '../../src/store/sqlite-log-store.ts';
import { testNode } from './log-directory.ts';

/** A process to be killed: opens a log that lost its end, as a member of a cluster. */
const [path = ''] = process.argv.slice(2);
const directory = openDataDirectory(path, testNode);
writeSync(1, 'begin\n');
const store = openLogStore(directory, { onLostTail: 'recover', walPregrownBytes: 65536 });
writeSync(1, 'end\n');
store.close();
directory.close();
