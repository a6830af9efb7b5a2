import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { backupStore } from '../../src/node/backup-store.ts';
import type { Configuration, InstanceId, NodeId } from '../../src/raft/types.ts';
import { openDataDirectory, readIdentity } from '../../src/store/data-directory.ts';
import { forceNewCluster } from '../../src/store/force-new-cluster.ts';
import { lastIncludedAt } from '../../src/store/last-included.ts';
import { StorageRefused } from '../../src/store/log-store.ts';
import { checkStore } from '../../src/store/store-check.ts';
import { restoreStore } from '../../src/store/store-restore.ts';
import { applyEntry, type EntryContent } from '../../src/tasks/entry.ts';
import { entry } from '../contract/log-store.ts';
import { referenceHash, replay } from '../contract/projection.ts';
import { EntitiesInMaps } from '../tasks/entities-in-maps.ts';
import { Scenario } from '../tasks/scenario.ts';
import { killedAtEachCall } from './killed-at-each-call.ts';
import { openLog, removeDirectory, temporaryDirectory, testNode } from './log-directory.ts';
import { openSnapshotNode } from './snapshot-node.ts';
import { requireStrace } from './strace.ts';

const NOW_MS = Date.UTC(2026, 10, 24);
const TERM = 5;
const quiet = (): void => undefined;

/** Three events of nodes, a claim that is under way, and a task more. */
function history(): readonly EntryContent[] {
  const given = new Scenario();
  given.apply({
    requires: [],
    events: [
      { type: 'NodeStarted', nodeId: 'n1', instance: 'i1', incarnation: 4 },
      { type: 'NodeStarted', nodeId: 'n2', instance: 'i2', incarnation: 9 },
    ],
    by: 'test',
  });
  given.sender.nodeId = 'n2';
  given.sender.incarnation = 9;
  given.create({ schedule: '* * * * * *' }).after(1_000);
  given.claim();
  given.create();
  return given.entries;
}

describe('xcron store backup, restore and force-new-cluster', () => {
  let root: string;
  let directory: string;
  let file: string;
  const entries = history();
  before(requireStrace);
  beforeEach(() => {
    root = temporaryDirectory();
    directory = join(root, 'source');
    file = join(root, 'backup');
  });
  afterEach(() => removeDirectory(root));

  /** A directory whose log holds `entries` and whose state has them up to `applied`. */
  async function makeStore(others: readonly string[], applied: number): Promise<Configuration> {
    const node = await openSnapshotNode(directory);
    const self = { nodeId: testNode, instance: node.directory.identity.instance, kind: 'voter' } as const;
    const members = others.map((id) => ({
      nodeId: id as NodeId,
      instance: `${id}-i` as InstanceId,
      kind: 'voter' as const,
    }));
    const configuration: Configuration = { members: [self, ...members], featureLevel: 2 };
    const written = [
      ...entries.map((content, at) => entry(at + 1, TERM, JSON.stringify(content))),
      entry(entries.length + 1, TERM, JSON.stringify(configuration), 'configuration'),
    ];
    node.log.persist({ hardState: { term: TERM, votedFor: null }, entries: written });
    node.projection.standOn(node.log);
    await replay(node.projection, entries.slice(0, applied));
    if (applied > entries.length) node.projection.applied(applied);
    await node.projection.flush();
    await node.close();
    return configuration;
  }
  const backup = async () => {
    const done = await backupStore(directory, file, NOW_MS, quiet);
    assert.ok(done.ok, JSON.stringify(done));
    return done.value;
  };

  test('an only voter: all that its log holds is in the backup, applied before or not', async () => {
    const configuration = await makeStore([], 1);
    const { record, lastIndex } = await backup();
    assert.deepEqual([record.index, record.term, lastIndex], [entries.length + 1, TERM, entries.length + 1]);
    assert.deepEqual(record.configuration, configuration);
    assert.equal(record.clusterId, readIdentity(directory)?.clusterId);
    assert.equal(record.stateHash, await referenceHash(entries));
    assert.deepEqual(readdirSync(root).sort(), ['backup', 'source'], 'nothing else is left');
    assert.equal(checkStore(directory).kind, 'whole');
  });

  test('a member: only what it knows to be committed, and it says how much more there is', async () => {
    await makeStore(['n2'], 2);
    const { record, lastIndex } = await backup();
    assert.deepEqual([record.index, lastIndex], [2, entries.length + 1]);
    assert.equal(record.stateHash, await referenceHash(entries.slice(0, 2)));
  });

  test('overwrites nothing, needs a store, and none that a node runs on', async () => {
    await makeStore([], 1);
    writeFileSync(file, 'mine');
    assert.equal((await backupStore(directory, file, NOW_MS, quiet)).ok, false);
    assert.equal(readFileSync(file, 'utf8'), 'mine');
    assert.equal((await backupStore(join(root, 'none'), join(root, 'b'), NOW_MS, quiet)).ok, false);
    const opened = openDataDirectory(directory, testNode);
    const isLocked = (error: unknown): boolean => error instanceof StorageRefused && error.code === 'locked';
    await assert.rejects(backupStore(directory, join(root, 'b'), NOW_MS, quiet), isLocked);
    assert.throws(() => forceNewCluster(directory, true), isLocked);
    opened.close();
    assert.equal(existsSync(join(root, 'b')), false);
  });

  test('restored: the same state, under a new name, with one voter, and no claim of before is taken for its own', async () => {
    await makeStore(['n2', 'n3'], entries.length + 1);
    const { record } = await backup();
    const target = join(root, 'target');
    const done = await restoreStore(file, target, 'n7' as NodeId);
    assert.ok(done.ok, JSON.stringify(done));
    const identity = readIdentity(target);
    assert.equal(identity?.nodeId, 'n7');
    assert.notEqual(identity?.clusterId, record.clusterId);
    assert.equal(checkStore(target).kind, 'whole');
    rmSync(join(target, 'lock.db'), { force: true });
    const node = await openSnapshotNode(target, 'n7' as NodeId);
    const { log, projection } = node;
    assert.deepEqual(await projection.stateHash(), { index: record.index, hash: await referenceHash(entries) });
    assert.deepEqual(
      [log.base.index, log.base.term, log.hardState],
      [record.index, TERM, { term: TERM, votedFor: null }],
    );
    const configuration = {
      members: [{ nodeId: 'n7', instance: node.directory.identity.instance, kind: 'voter' }],
      featureLevel: 2,
    };
    assert.deepEqual(log.base.configuration, configuration);
    assert.deepEqual(projection.lastIncluded?.configuration, configuration, 'should the log be lost');
    assert.equal(node.directory.identity.incarnation, 10, 'above all that the state knows of');
    log.persist({ entries: [entry(record.index + 1, TERM)] });
    const state = new EntitiesInMaps();
    for (const content of entries) applyEntry(state, content);
    assert.equal((await projection.openClaims(null, 10)).length, 1);
    await node.close();
  });

  test('an empty state can be backed up and restored, too', async () => {
    openLog(directory).close();
    const { record } = await backup();
    assert.equal(record.index, 0);
    const target = join(root, 'target');
    mkdirSync(target);
    assert.ok((await restoreStore(file, target, testNode)).ok);
    const node = await openSnapshotNode(target);
    assert.equal(node.log.base.configuration?.members.length, 1);
    await node.close();
  });

  test('into an empty directory only, and from a whole backup only; nothing is made of any other', async () => {
    await makeStore([], entries.length);
    await backup();
    const target = join(root, 'target');
    assert.equal((await restoreStore(file, directory, testNode)).ok, false);
    assert.equal((await restoreStore(join(root, 'none'), target, testNode)).ok, false);
    const whole = readFileSync(file);
    const at = whole.indexOf('"version":');
    const flipped = Buffer.from(whole);
    flipped[at + 10] = (flipped[at + 10] ?? 0) ^ 1;
    const record = Buffer.from(whole);
    const clusterId = record.indexOf('"clusterId":"');
    record[clusterId + 13] = (record[clusterId + 13] ?? 0) ^ 1;
    const isRefused = (error: unknown): boolean => error instanceof StorageRefused;
    for (const [content, what] of [
      [flipped, 'a flipped bit in a row'],
      [record, 'a flipped bit in the record'],
      [whole.subarray(0, whole.length / 2), 'half of it'],
      [Buffer.from('rubbish'), 'rubbish'],
    ] as const) {
      writeFileSync(file, content);
      await assert.rejects(restoreStore(file, target, testNode), isRefused, what);
      assert.equal(existsSync(target), false, what);
    }
    const plain = join(root, 'plain');
    cpSync(join(directory, 'group-0', 'state.db'), plain);
    await assert.rejects(restoreStore(plain, target, testNode), isRefused, 'a state is no backup');
  });

  test('killed at any system call of a restore: nothing, a refusal that says what to do, or all of it', async (t) => {
    await makeStore([], entries.length);
    await backup();
    removeDirectory(directory);
    const found = { empty: 0, refused: 0, restored: 0 };
    // What SQLite writes into files that nobody opens before the identity allows it leaves no more states than these.
    const group = ['guard', 'log.db.new', 'log.db'];
    const kills = await killedAtEachCall({
      script: fileURLToPath(new URL('./store-restore-process.ts', import.meta.url)),
      before: root,
      paths: [
        ...['identity.new', 'identity', 'identity.copy.new', 'identity.copy'].map((name) => `data/${name}`),
        ...group.map((name) => `data/group-0/${name}`),
      ],
      async check(path, ended) {
        const data = join(path, 'data');
        const began = existsSync(join(data, 'identity')) || existsSync(join(data, 'identity.copy'));
        if (!began) {
          assert.equal(existsSync(join(data, 'group-0')), false, 'the identity comes first');
          found.empty += 1;
          return;
        }
        try {
          const node = await openSnapshotNode(data);
          assert.equal((await node.projection.stateHash()).hash, await referenceHash(entries));
          assert.equal(node.log.base.index, entries.length + 1);
          await node.close();
          found.restored += 1;
        } catch (error) {
          assert.ok(error instanceof StorageRefused && error.remedy.includes('xcron store restore'), String(error));
          assert.equal(ended, false);
          found.refused += 1;
        }
      },
    });
    t.diagnostic(`${kills} kills: ${JSON.stringify(found)}`);
    assert.ok(found.empty > 0 && found.refused > 0 && found.restored > 0);
  });

  test('a forced cluster: one voter, another cluster id, all of the log, and only when it is said', async () => {
    await makeStore(['n2', 'n3'], 2);
    const log = openLog(directory);
    log.store.tailLost();
    log.close();
    const before = readIdentity(directory);
    const asked = forceNewCluster(directory, false);
    assert.ok(!asked.ok);
    assert.deepEqual(
      asked.error.would?.leftBehind.map(({ nodeId }) => nodeId),
      ['n2', 'n3'],
    );
    assert.equal(readIdentity(directory)?.clusterId, before?.clusterId);
    const done = forceNewCluster(directory, true);
    assert.ok(done.ok);
    assert.equal(done.value.lostTail, true);
    const after = readIdentity(directory);
    assert.notEqual(after?.clusterId, before?.clusterId);
    assert.equal(after?.instance, before?.instance);
    const { store, close } = openLog(directory);
    assert.equal(store.lastIndex, entries.length + 2);
    assert.equal(store.lostTail, false, 'there is nobody to catch up with');
    assert.deepEqual(lastIncludedAt(store, store.lastIndex)?.configuration, {
      members: [{ nodeId: testNode, instance: before?.instance, kind: 'voter' }],
      featureLevel: 2,
    });
    close();
    assert.equal(forceNewCluster(join(root, 'none'), true).ok, false);
  });

  test('killed at any system call of a forced cluster: done, or done when it is said again; never half under the old id', async (t) => {
    await makeStore(['n2'], 2);
    const old = readIdentity(directory)?.clusterId;
    const kills = await killedAtEachCall({
      script: fileURLToPath(new URL('./force-new-cluster-process.ts', import.meta.url)),
      before: directory,
      paths: ['identity', 'identity.new', 'identity.copy', 'identity.copy.new', 'group-0/guard'],
      check(path, ended) {
        const voters = (): number => {
          const { store, close } = openLog(path);
          const { configuration } = lastIncludedAt(store, store.lastIndex) ?? {};
          close();
          return configuration?.members.length ?? 0;
        };
        if (voters() === 1) assert.notEqual(readIdentity(path)?.clusterId, old);
        else assert.equal(ended, false);
        assert.ok(forceNewCluster(path, true).ok);
        assert.equal(voters(), 1);
        assert.notEqual(readIdentity(path)?.clusterId, old);
      },
    });
    t.diagnostic(`${kills} kills`);
    assert.ok(kills > 8);
  });
});
