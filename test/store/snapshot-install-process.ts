import { readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { SnapshotHead } from '../../src/raft/messages.ts';
import { openSnapshotNode } from './snapshot-node.ts';

/** A process to be killed: installs the snapshot that has arrived, whose head is in `head.json`. */
const [directory = ''] = process.argv.slice(2);
const node = await openSnapshotNode(directory);
const head = JSON.parse(readFileSync(join(directory, 'head.json'), 'utf8')) as SnapshotHead;
writeSync(1, 'begin\n');
await node.snapshots.install(head);
writeSync(1, 'end\n');
await node.close();
