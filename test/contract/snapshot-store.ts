import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { InvariantBroken } from '../../src/invariant.ts';
import type { SnapshotHead } from '../../src/raft/messages.ts';
import type { Configuration, InstanceId, MemberId, NodeId } from '../../src/raft/types.ts';
import type { LogStore } from '../../src/store/log-store.ts';
import type { Projection } from '../../src/store/projection.ts';
import { COPIES_MAX, pieceOf } from '../../src/store/snapshot-piece.ts';
import { type SnapshotCopy, SnapshotDamaged, type SnapshotStore } from '../../src/store/snapshot-store.ts';
import { applyEntry, type EntryContent } from '../../src/tasks/entry.ts';
import { historyOf, historySteps } from '../store/projection-history.ts';
import { EntitiesInMaps } from '../tasks/entities-in-maps.ts';
import { entry } from './log-store.ts';
import { applyTo, referenceHash } from './projection.ts';
import { askEverything, oracle } from './projection-questions.ts';

/** What a node keeps on its disk. */
export interface SnapshotNode {
  readonly projection: Projection;
  readonly log: LogStore;
  readonly snapshots: SnapshotStore;
}

/** What every implementation of the port must do; each node has a disk of its own. */
export interface SnapshotNodeUnderTest {
  /** The same disk each time, as a start finds it; what was open before is closed, flushed or not. */
  open(): Promise<SnapshotNode>;
  remove(): Promise<void>;
}

const TERM = 3;
const VOTE = 'n1/a' as MemberId;
const configuration: Configuration = {
  members: [{ nodeId: 'n1' as NodeId, instance: 'a' as InstanceId, kind: 'voter' }],
};
const HISTORY = historyOf(fc.sample(historySteps(1), { numRuns: 300, seed: 21 }).flat());
const AHEAD = 40;

/** Persists and folds HISTORY up to `index`. */
async function follow({ log, projection }: SnapshotNode, index: number): Promise<void> {
  if (log.hardState.term < TERM) log.persist({ hardState: { term: TERM, votedFor: VOTE }, entries: [] });
  for (let at = log.lastIndex + 1; at <= index; at += 1)
    log.persist({ entries: [entry(at, at < 20 ? 2 : TERM, JSON.stringify(HISTORY[at - 1]))] });
  while (projection.appliedIndex < index) {
    const at = projection.appliedIndex + 1;
    await applyTo(projection, at, HISTORY[at - 1] as EntryContent);
  }
}

async function allOf({ snapshots }: SnapshotNode, { snapshotId, bytes }: SnapshotCopy, piece = 700): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (let offset = 0; offset < bytes; ) {
    const read = await snapshots.read(snapshotId, offset, piece);
    assert.ok(read !== null, `${snapshotId} at ${offset}`);
    assert.deepEqual(read, pieceOf(read.data));
    assert.ok(read.data.length > 0 && read.data.length <= piece);
    pieces.push(read.data);
    offset += read.data.length;
  }
  return Buffer.concat(pieces);
}

const headOf = ({ snapshotId, index, term, bytes }: SnapshotCopy): SnapshotHead => ({
  snapshotId,
  index,
  term,
  bytes,
  configuration,
});

async function send(
  to: SnapshotNode,
  head: SnapshotHead,
  content: Uint8Array,
  from = 0,
  piece = 4_096,
): Promise<number> {
  let kept = from;
  while (kept < content.length) {
    const next = await to.snapshots.write(head, kept, pieceOf(content.subarray(kept, kept + piece)));
    assert.equal(next, Math.min(content.length, kept + piece));
    kept = next;
  }
  return kept;
}

export function snapshotStoreContract(name: string, create: () => Promise<SnapshotNodeUnderTest>): void {
  describe(`snapshot store contract: ${name}`, () => {
    let disks: SnapshotNodeUnderTest[];
    let leader: SnapshotNode;
    let receiver: SnapshotNode;
    const reopen = async (): Promise<void> => {
      receiver = await (disks[1] as SnapshotNodeUnderTest).open();
    };
    beforeEach(async () => {
      disks = [await create(), await create()];
      leader = await (disks[0] as SnapshotNodeUnderTest).open();
      await reopen();
      await follow(leader, AHEAD);
    });
    afterEach(async () => {
      for (const disk of disks) await disk.remove();
    });

    test('a copy says at which entry and in which term it was made, and stays as it is while the state goes on', async () => {
      const first = await leader.snapshots.make();
      assert.deepEqual([first.index, first.term], [AHEAD, TERM]);
      const content = await allOf(leader, first);
      assert.equal(content.length, first.bytes);
      await follow(leader, AHEAD + 20);
      await leader.projection.flush();
      assert.deepEqual(await allOf(leader, first, 10_000), content, 'in pieces of any size');
      assert.equal(await leader.snapshots.read(first.snapshotId, first.bytes, 1), null);
      assert.equal(await leader.snapshots.read(`${first.snapshotId}0`, 0, 100), null);
    });

    test('the one before the newest is still there for who reads it; no more are kept', async () => {
      const made: SnapshotCopy[] = [];
      for (let at = AHEAD; at < AHEAD + 4; at += 1) {
        await follow(leader, at);
        made.push(await leader.snapshots.make());
      }
      assert.equal(new Set(made.map(({ snapshotId }) => snapshotId)).size, made.length);
      const readable = await Promise.all(made.map(({ snapshotId }) => leader.snapshots.read(snapshotId, 0, 10)));
      assert.deepEqual(
        readable.map((piece) => piece !== null),
        made.map((_, at) => at >= made.length - COPIES_MAX),
      );
      const [newest] = made.slice(-1);
      assert.equal(newest?.index, AHEAD + 3);
    });

    test('§7: received and installed, state and log are the snapshot’s, at once and after a restart', async () => {
      await follow(receiver, 12);
      const copy = await leader.snapshots.make();
      const head = headOf(copy);
      await send(receiver, head, await allOf(leader, copy));
      assert.deepEqual([receiver.projection.appliedIndex, receiver.log.lastIndex], [12, 12], 'nothing has changed yet');
      await receiver.snapshots.install(head);
      const state = new EntitiesInMaps();
      for (const content of HISTORY.slice(0, AHEAD)) applyEntry(state, content);
      const hash = await referenceHash(HISTORY.slice(0, AHEAD));
      for (const again of [false, true]) {
        if (again) await reopen();
        const { log, projection } = receiver;
        assert.deepEqual([log.base.index, log.base.term, log.lastIndex], [AHEAD, TERM, AHEAD]);
        assert.deepEqual(log.base.configuration, configuration);
        assert.deepEqual(log.hardState, { term: TERM, votedFor: VOTE });
        assert.deepEqual([projection.appliedIndex, projection.durableIndex], [AHEAD, AHEAD]);
        assert.deepEqual(await projection.stateHash(), { index: AHEAD, hash });
        assert.deepEqual(await askEverything(projection, state), await askEverything(oracle(state), state));
      }
      await follow(receiver, AHEAD + 30);
      const further = await referenceHash(HISTORY.slice(0, AHEAD + 30));
      assert.deepEqual(await receiver.projection.stateHash(), { index: AHEAD + 30, hash: further });
    });

    test('an empty node, which has not even a term of its own, can begin with one', async () => {
      const copy = await leader.snapshots.make();
      receiver.log.persist({ hardState: { term: TERM, votedFor: null }, entries: [] });
      await send(receiver, headOf(copy), await allOf(leader, copy));
      await receiver.snapshots.install(headOf(copy));
      await reopen();
      assert.deepEqual([receiver.log.lastIndex, receiver.projection.appliedIndex], [AHEAD, AHEAD]);
    });

    test('a piece that is garbled or out of place leaves what is kept as it is', async () => {
      const copy = await leader.snapshots.make();
      const head = headOf(copy);
      const content = await allOf(leader, copy);
      const piece = (offset: number, end: number) => pieceOf(content.subarray(offset, end));
      const garbled = { ...piece(0, 100), checksum: 1 };
      const { snapshots } = receiver;
      assert.equal(await snapshots.write(head, 0, garbled), 0);
      assert.equal(await snapshots.write(head, 100, piece(100, 200)), 0, 'nothing comes before it');
      assert.equal(await snapshots.write(head, 0, piece(0, 100)), 100);
      assert.equal(await snapshots.write(head, 100, garbled), 100);
      assert.equal(await snapshots.write(head, 150, piece(150, 250)), 100, 'a gap');
      assert.equal(await snapshots.write(head, 0, piece(0, 100)), 100, 'said twice');
      assert.equal(await snapshots.write(head, 100, pieceOf(new Uint8Array(head.bytes))), 100, 'more than there is');
      assert.equal(await send(receiver, head, content, 100), content.length);
      receiver.log.persist({ hardState: { term: TERM, votedFor: null }, entries: [] });
      await snapshots.install(head);
      assert.equal((await receiver.projection.stateHash()).hash, await referenceHash(HISTORY.slice(0, AHEAD)));
    });

    test('what was received survives a restart, and is thrown away when another snapshot begins', async () => {
      const [first, second] = [await leader.snapshots.make(), await leader.snapshots.make()];
      const contents = [await allOf(leader, first), await allOf(leader, second)] as const;
      const part = contents[0].subarray(0, 300);
      assert.equal(await receiver.snapshots.write(headOf(first), 0, pieceOf(part)), 300);
      await reopen();
      assert.equal(await receiver.snapshots.write(headOf(first), 0, pieceOf(part)), 300, 'it goes on from there');
      const middle = pieceOf(contents[1].subarray(300, 400));
      assert.equal(await receiver.snapshots.write(headOf(second), 300, middle), 0, 'nothing is kept of another');
      assert.equal(await receiver.snapshots.write(headOf(first), 0, pieceOf(part)), 300);
      receiver.log.persist({ hardState: { term: TERM, votedFor: null }, entries: [] });
      await send(receiver, headOf(second), contents[1]);
      assert.equal(await receiver.snapshots.write(headOf(first), 300, pieceOf(contents[0].subarray(300, 400))), 0);
      await assert.rejects(receiver.snapshots.install(headOf(first)), SnapshotDamaged);
      await receiver.snapshots.install(headOf(second));
      assert.equal(receiver.projection.appliedIndex, AHEAD);
    });

    test('pieces that do not add up change nothing, and may be sent again', async () => {
      await follow(receiver, 12);
      const copy = await leader.snapshots.make();
      const head = headOf(copy);
      const content = await allOf(leader, copy);
      await receiver.snapshots.write(head, 0, pieceOf(content.subarray(0, 500)));
      await assert.rejects(receiver.snapshots.install(head), SnapshotDamaged);
      await send(receiver, head, content, 500);
      await assert.rejects(receiver.snapshots.install({ ...head, index: AHEAD + 1 }), SnapshotDamaged);
      const garbled = Buffer.from(content);
      const at = garbled.indexOf('"version":');
      garbled[at + 10] = (garbled[at + 10] ?? 0) ^ 1;
      await send(receiver, head, garbled);
      await assert.rejects(receiver.snapshots.install(head), SnapshotDamaged);
      for (const again of [false, true]) {
        if (again) await reopen();
        assert.deepEqual([receiver.log.lastIndex, receiver.log.base.index], [12, 0]);
        await follow(receiver, 12);
        assert.deepEqual((await receiver.projection.stateHash()).hash, await referenceHash(HISTORY.slice(0, 12)));
      }
      await send(receiver, head, content);
      await receiver.snapshots.install(head);
      assert.equal(receiver.projection.appliedIndex, AHEAD);
    });

    test('I4: the state does not go back; I8: nor does the log begin in a term of which this node knows nothing', async () => {
      const copy = await leader.snapshots.make();
      const content = await allOf(leader, copy);
      await send(receiver, headOf(copy), content);
      await assert.rejects(receiver.snapshots.install(headOf(copy)), InvariantBroken, 'term 0 so far');
      await follow(receiver, AHEAD + 5);
      await assert.rejects(receiver.snapshots.install(headOf(copy)), InvariantBroken);
      assert.deepEqual([receiver.log.lastIndex, receiver.projection.appliedIndex], [AHEAD + 5, AHEAD + 5]);
    });
  });
}
