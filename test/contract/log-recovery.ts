import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Configuration, InstanceId, MemberId, NodeId } from '../../src/raft/types.ts';
import type { StateEnd } from '../../src/store/log-recovery.ts';
import { type LogStore, StorageRefused } from '../../src/store/log-store.ts';
import { entries, entry } from './log-store.ts';

export interface LogRecoveryUnderTest {
  /** A store on the same disk each time; the one before was closed. */
  open(options?: { readonly onLostTail?: 'refuse' | 'recover'; readonly state?: StateEnd }): LogStore;
  /** While it is closed: the last entries vanish, though they were acknowledged. `guardToo`: so does what would have told. */
  loseTail(count: number, guardToo: boolean): void;
  remove(): void;
}

const EVERYTHING = Number.MAX_SAFE_INTEGER;
const hardState = { term: 4, votedFor: 'n1/a' as MemberId };
const two: Configuration = {
  members: ['n1', 'n2'].map((node) => ({ nodeId: node as NodeId, instance: `${node}-i` as InstanceId, kind: 'voter' })),
};
const later: Configuration = { members: [...two.members.slice(0, 1)], outgoing: two.members };
const WRITTEN = [entry(1, 0, JSON.stringify(two), 'configuration'), ...entries(2, 20, 3)];
const isRefused = (error: unknown): boolean => error instanceof StorageRefused && error.code === 'damaged';
/** A state that went on while the log lost its end. */
const ahead: StateEnd = { appliedIndex: 18, lastIncluded: { index: 18, term: 3, configuration: later } };

/** What every implementation of the log does when it finds that it lost its end (raft.md, case 30). */
export function logRecoveryContract(name: string, create: () => LogRecoveryUnderTest): void {
  describe(`log recovery contract: ${name}`, () => {
    let disk: LogRecoveryUnderTest;
    let store: LogStore;
    beforeEach(() => {
      disk = create();
      store = disk.open();
      store.persist({ hardState, entries: WRITTEN });
    });
    afterEach(() => {
      store.close();
      disk.remove();
    });
    const lose = (count: number, guardToo = false): void => {
      store.close();
      disk.loseTail(count, guardToo);
    };
    const recover = (state?: StateEnd): void => {
      store.close();
      store = disk.open({ onLostTail: 'recover', ...(state === undefined ? {} : { state }) });
    };

    test('a log that lost nothing says so, however it is opened', () => {
      for (const onLostTail of ['refuse', 'recover'] as const) {
        store.close();
        store = disk.open({ onLostTail, state: { appliedIndex: 20, lastIncluded: null } });
        assert.equal(store.lostTail, false);
        assert.deepEqual(store.read(1, EVERYTHING), WRITTEN);
      }
    });

    test('a lost end is refused, unless it is to be recovered; then what is whole stays, and the vote is not forgotten', () => {
      lose(5);
      assert.throws(() => disk.open(), isRefused);
      recover({ appliedIndex: 15, lastIncluded: null });
      assert.equal(store.lostTail, true);
      assert.deepEqual(store.read(1, EVERYTHING), WRITTEN.slice(0, 15));
      assert.deepEqual(store.hardState, hardState);
      store.persist({ entries: [entry(16, 4, 'new')] });
      assert.equal(store.lastOfKind('configuration', 16)?.index, 1);
    });

    test('that it lost its end outlives every restart, until it has caught up', () => {
      lose(5);
      recover();
      recover();
      assert.equal(store.lostTail, true, 'a second crash before it caught up');
      store.persist({ entries: entries(16, 30, 4) });
      store.compact(20, two, 100);
      store.resetTo({ index: 40, term: 4, configuration: two });
      store.close();
      store = disk.open();
      assert.equal(store.lostTail, true, 'nor does a snapshot alone say that it has all it acknowledged');
      store.recovered();
      assert.equal(store.lostTail, false);
      recover();
      assert.equal(store.lostTail, false);
    });

    test('what the leader notices is kept as well', () => {
      store.tailLost();
      store.tailLost();
      assert.equal(store.lostTail, true);
      recover();
      assert.equal(store.lostTail, true);
      assert.deepEqual(store.read(1, EVERYTHING), WRITTEN);
      store.recovered();
      store.recovered();
      store.close();
      store = disk.open();
      assert.equal(store.lostTail, false);
    });

    for (const guardToo of [false, true])
      test(`a state that went further stays, and the log begins behind it${guardToo ? '; nothing else told of the loss' : ''}`, () => {
        lose(5, guardToo);
        recover(ahead);
        for (const again of [false, true]) {
          if (again) recover(ahead);
          assert.equal(store.lostTail, true);
          assert.deepEqual([store.base.index, store.base.term, store.lastIndex, store.lastTerm], [18, 3, 18, 3]);
          assert.deepEqual(store.base.configuration, later, 'the one in force there, of which the log lost the entry');
          assert.deepEqual(store.hardState, hardState);
          assert.deepEqual(store.read(19, EVERYTHING), []);
        }
        store.persist({ entries: entries(19, 21, 4) });
        recover({ ...ahead, appliedIndex: 21 });
        assert.deepEqual(store.read(19, EVERYTHING), entries(19, 21, 4));
      });

    test('a log that lost even who votes is refused: it may be that of a single node', () => {
      lose(20);
      assert.throws(() => disk.open({ onLostTail: 'recover' }), isRefused);
      assert.throws(() => disk.open(), isRefused);
      recover(ahead);
      assert.deepEqual([store.base.index, store.lostTail], [18, true]);
    });

    test('a state of which it is not known exactly where it ends is nothing to go on from', () => {
      lose(5);
      for (const lastIncluded of [null, { index: 17, term: 3, configuration: two }])
        assert.throws(() => disk.open({ onLostTail: 'recover', state: { appliedIndex: 18, lastIncluded } }), isRefused);
      recover(ahead);
      assert.equal(store.base.index, 18);
    });
  });
}
