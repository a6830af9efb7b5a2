import { writeSync } from 'node:fs';
import { openLog } from './log-directory.ts';

/** A process to be killed: puts an empty log behind a snapshot in the place of the one that it finds. */
const [directory = ''] = process.argv.slice(2);
const { store, close } = openLog(directory, { walPregrownBytes: 65536 });
writeSync(1, 'begin\n');
store.resetTo({ index: 8, term: 2, configuration: { members: [] } });
writeSync(1, 'end\n');
close();
