import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SnapshotHead } from '../../src/raft/messages.ts';
import { isInstalling } from '../../src/store/snapshot-install.ts';
import { pieceOf } from '../../src/store/snapshot-piece.ts';
import { checkStore } from '../../src/store/store-check.ts';
import { groupPaths } from '../../src/store/store-layout.ts';
import { entries, entry } from '../contract/log-store.ts';
import { applyTo } from '../contract/projection.ts';
import { snapshotStoreContract } from '../contract/snapshot-store.ts';
import { killedAtEachCall } from './killed-at-each-call.ts';
import { removeDirectory, temporaryDirectory } from './log-directory.ts';
import { bulkEntry, bulkHashes } from './projection-bulk.ts';
import { type OpenedSnapshotNode, openSnapshotNode } from './snapshot-node.ts';
import { requireStrace } from './strace.ts';

snapshotStoreContract('files', async () => {
  const path = temporaryDirectory();
  let opened: OpenedSnapshotNode | undefined;
  return {
    async open() {
      await opened?.close();
      opened = await openSnapshotNode(path);
      return opened;
    },
    async remove() {
      await opened?.close();
      removeDirectory(path);
    },
  };
});

const SCRIPT = fileURLToPath(new URL('./snapshot-install-process.ts', import.meta.url));
const MINE = 2;
const SNAPSHOT = 4;
const TERM = 3;

describe('§7: killed at any system call of an installation', () => {
  let hashes: readonly string[];
  before(requireStrace);
  before(async () => {
    hashes = await bulkHashes(SNAPSHOT + 1);
  });

  /** A node that has received a snapshot of entry SNAPSHOT and holds a log up to `logEnd` itself. */
  async function received(logEnd: number): Promise<string> {
    const [source, path] = [temporaryDirectory(), temporaryDirectory()];
    const leader = await openSnapshotNode(source);
    leader.log.persist({ hardState: { term: TERM, votedFor: null }, entries: entries(1, SNAPSHOT, TERM) });
    for (let index = 1; index <= SNAPSHOT; index += 1) await applyTo(leader.projection, index, bulkEntry(index));
    const copy = await leader.snapshots.make();
    const head: SnapshotHead = { ...copy, configuration: { members: [] } };
    const node = await openSnapshotNode(path);
    node.log.persist({ hardState: { term: TERM, votedFor: null }, entries: entries(1, logEnd, 1) });
    for (let index = 1; index <= MINE; index += 1) await applyTo(node.projection, index, bulkEntry(index));
    await node.projection.flush();
    for (let offset = 0; offset < copy.bytes; ) {
      const piece = await leader.snapshots.read(copy.snapshotId, offset, 256 * 1024);
      assert.ok(piece !== null);
      offset = await node.snapshots.write(head, offset, pieceOf(piece.data));
    }
    await node.close();
    await leader.close();
    removeDirectory(source);
    writeFileSync(join(path, 'head.json'), JSON.stringify(head));
    return path;
  }

  // The worker's calls and the loop's are counted apart: each is killed at each of its own.
  const WORKER = ['state.db', 'state.db-wal', 'snapshot.partial'];
  const LOOP = ['log.db', 'log.db-wal', 'guard', 'snapshot.install', 'snapshot.install.new', 'snapshot.partial-head'];

  for (const [logEnd, name] of [
    [3, 'a log that ends before the snapshot'],
    [9, 'a log that goes on where the snapshot’s differs'],
  ] as const)
    test(`${name}: state and log are both the old ones or both the snapshot's, after the next start`, async (t) => {
      const path = await received(logEnd);
      const found = { old: 0, installed: 0, finished: 0 };
      let kills = 0;
      for (const files of [WORKER, LOOP])
        kills += await killedAtEachCall({
          script: SCRIPT,
          before: path,
          paths: files.map((file) => `group-0/${file}`),
          async check(directory, ended) {
            const paths = groupPaths(directory);
            const report = checkStore(directory);
            if (isInstalling(paths)) {
              assert.equal(report.kind, 'unfinished-install');
              found.finished += 1;
            }
            const node = await openSnapshotNode(directory);
            const { log, projection } = node;
            assert.deepEqual(log.hardState, { term: TERM, votedFor: null });
            if (log.base.index === 0) {
              assert.equal(ended, false);
              assert.deepEqual(log.read(1, Number.MAX_SAFE_INTEGER), entries(1, logEnd, 1));
              assert.deepEqual(await projection.stateHash(), { index: MINE, hash: hashes[MINE] });
              found.old += 1;
            } else {
              assert.deepEqual([log.base.index, log.base.term, log.lastIndex], [SNAPSHOT, TERM, SNAPSHOT]);
              assert.deepEqual(log.base.configuration, { members: [] });
              assert.deepEqual(await projection.stateHash(), { index: SNAPSHOT, hash: hashes[SNAPSHOT] });
              log.persist({ entries: [entry(SNAPSHOT + 1, TERM)] });
              await applyTo(projection, SNAPSHOT + 1, bulkEntry(SNAPSHOT + 1));
              assert.equal((await projection.stateHash()).hash, hashes[SNAPSHOT + 1]);
              found.installed += 1;
            }
            await node.close();
            assert.equal(checkStore(directory).kind, 'whole');
            const left = readdirSync(paths.directory).filter((file) => /^snapshot.*(?<!new)$/.test(file));
            assert.deepEqual(left, log.base.index > 0 ? [] : ['snapshot.partial', 'snapshot.partial-head']);
          },
        });
      removeDirectory(path);
      t.diagnostic(`${kills} kills: ${JSON.stringify(found)}`);
      assert.ok(found.old > 0 && found.installed > 0 && found.finished > 0);
    });

  test('a mark that cannot be read, before anything was moved, is taken back', async () => {
    const path = await received(3);
    writeFileSync(groupPaths(path).installMark, 'rubbish');
    const node = await openSnapshotNode(path);
    assert.deepEqual([node.log.lastIndex, node.projection.appliedIndex], [3, MINE]);
    await node.close();
    assert.equal(existsSync(groupPaths(path).installMark), false);
    removeDirectory(path);
  });
});
