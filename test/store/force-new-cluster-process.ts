import { writeSync } from 'node:fs';
import { forceNewCluster } from '../../src/store/force-new-cluster.ts';

/** A process to be killed: makes the directory a cluster of its own. */
const [directory = ''] = process.argv.slice(2);
writeSync(1, 'begin\n');
forceNewCluster(directory, true);
writeSync(1, 'end\n');
